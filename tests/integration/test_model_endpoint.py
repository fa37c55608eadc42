"""Answers from an OpenAI-compatible endpoint: what is sent, what comes back, what goes wrong
(section 2, row 22)."""

import json

import pytest

QUESTION = "How high is Mount Aria?"
SECRET = "sk-test-secret"


def test_the_request_keeps_documents_and_instructions_apart(start_with_model, upstream):
    server = start_with_model()
    assert server.ask(QUESTION).status == 200
    call = upstream.calls[0]
    assert call["model"] == "test-model"
    roles = [message["role"] for message in call["messages"]]
    assert roles[0] == "system" and "user" in roles
    system = call["messages"][0]["content"]
    assert "4121" not in system and QUESTION not in system
    rest = json.dumps(call["messages"][1:], ensure_ascii=False)
    assert "4121" in rest and QUESTION in rest
    assert upstream.headers[0]["Authorization"] == f"Bearer {SECRET}"


def test_without_a_key_none_is_sent(start_server, upstream):
    server = start_server(generator="openai", base_url=upstream.url, model="m")
    assert server.ask(QUESTION).status == 200
    assert upstream.headers[0]["Authorization"] is None


def test_citations_become_sources_and_false_ones_go(start_with_model, upstream):
    server = start_with_model()
    upstream.answer = lambda body: "It is 4121 metres high [1]. Others disagree [99]."
    reply = server.ask(QUESTION).json()
    assert "4121" in reply["answer"]
    assert "[99]" not in reply["answer"]
    assert reply["sources"][0].startswith("mountains.md")


def test_no_document_means_no_call(start_with_model, upstream):
    server = start_with_model()
    reply = server.ask("xylophone quasar")
    assert reply.status == 200
    assert reply.json()["sources"] == []
    assert upstream.calls == []


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_failure_is_tried_again(start_with_model, upstream, status):
    server = start_with_model()
    upstream.failures = [status]
    assert server.ask(QUESTION).status == 200
    assert len(upstream.calls) == 2


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_lasting_failure_is_not(start_with_model, upstream, status):
    server = start_with_model()
    upstream.failures = [status] * 9
    assert server.ask(QUESTION).status in (500, 502, 503)
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_the_endpoints_words_do_not_reach_the_client(start_with_model, upstream, status):
    server = start_with_model(generator_retries=0)
    upstream.failures = [status] * 20
    upstream.failure_text = "stack trace of the model with /etc/passwd"
    reply = server.ask(QUESTION)
    assert reply.status in (500, 502, 503)
    text = reply.body.decode()
    for secret in ("stack trace", "/etc/passwd", SECRET, upstream.url):
        assert secret not in text
    assert reply.json()["detail"]
    assert reply.cache is None
    server.stop()
    assert SECRET not in server.log()


def test_a_slow_endpoint_is_a_timeout_not_a_wait(start_with_model, upstream):
    server = start_with_model(generator_timeout_ms=300, generator_retries=0)
    upstream.hold()
    reply = server.ask(QUESTION)
    assert reply.status == 504
    assert reply.seconds < 5
    assert server.cache_stats()["total_items"] == 0


def test_an_endpoint_that_is_away_is_named_in_health(start_server):
    server = start_server(generator="openai", base_url="http://127.0.0.1:9/v1", model="m",
                          generator_retries=0)
    for i in range(8):
        assert server.ask(f"Mount Aria {i}").status in (502, 503)
    health = server.get("/health")
    assert health.status == 200
    assert health.json()["status"] == "degraded"
    assert "generator" in json.dumps(health.json()["degraded"])
    assert server.search("Aria").status == 200


def test_the_circuit_opens_and_spares_the_endpoint(start_with_model, upstream):
    server = start_with_model(generator_retries=0)
    upstream.failures = [500] * 100
    for i in range(30):
        assert server.ask(f"Mount Aria {i}").status in (502, 503)
    assert len(upstream.calls) < 30


@pytest.mark.parametrize("body", ["", "not json", "[]", "{}", '{"choices": []}',
                                  '{"choices": [{"message": {"content": 5}}]}',
                                  '{"choices": [{"message": {"content": null}}]}'])
def test_an_answer_that_is_none_is_a_failure(start_server, body):
    from http.server import BaseHTTPRequestHandler, HTTPServer
    import threading

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

    endpoint = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=endpoint.serve_forever, args=(0.05,), daemon=True).start()
    try:
        server = start_server(generator="openai", model="m", generator_retries=0,
                              base_url=f"http://127.0.0.1:{endpoint.server_address[1]}/v1")
        reply = server.ask(QUESTION)
        assert reply.status in (500, 502, 503)
        assert reply.json()["detail"]
    finally:
        endpoint.shutdown()
        endpoint.server_close()


def test_another_model_is_another_answer(start_with_model, upstream):
    """The answer version is part of what must fit; here only told through /status."""
    one = start_with_model().get("/status").json()
    assert one["generator"] == "openai:test-model"
