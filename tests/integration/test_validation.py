"""Bad and odd requests (API document, end of section 1.2; section 2, rows 20 and 22)."""

import json

import pytest

LIMITED = [("/ask", "question", "max_context_chunks"), ("/ask/simple", "question", "max_context_chunks"),
           ("/search", "query", "top_k")]
QUESTION = "How high is Mount Aria?"


def detail(reply):
    """The one complaint of a 422."""
    assert reply.status == 422, reply.body
    assert reply.headers["Content-Type"] == "application/json"
    complaints = reply.json()["detail"]
    assert len(complaints) == 1
    assert set(complaints[0]) >= {"type", "loc", "msg", "input"}
    return complaints[0]


@pytest.mark.parametrize("route, text, number", LIMITED)
class TestNumbers:
    @pytest.mark.parametrize("value", [0, 21, -1, 2.5, None, "x", "", [], {}, 10**30, "7.5"])
    def test_out_of_bounds_or_no_integer_is_refused(self, server, route, text, number, value):
        complaint = detail(server.post(route, {text: QUESTION, number: value}))
        assert complaint["loc"] == ["body", number]

    @pytest.mark.parametrize("value", [1, 20, "7", 3.0])
    def test_integers_are_accepted_also_as_text(self, server, route, text, number, value):
        assert server.post(route, {text: QUESTION, number: value}).status == 200

    def test_a_limit_is_named(self, server, route, text, number):
        complaint = detail(server.post(route, {text: QUESTION, number: 21}))
        assert complaint["type"] == "less_than_equal"
        assert complaint["ctx"] == {"le": 20}
        assert complaint["input"] == 21
        complaint = detail(server.post(route, {text: QUESTION, number: 0}))
        assert complaint["type"] == "greater_than_equal"
        assert complaint["ctx"] == {"ge": 1}


@pytest.mark.parametrize("route, text, number", LIMITED)
class TestText:
    @pytest.mark.parametrize("value", [5, None, True, [], {}])
    def test_other_than_a_string_is_refused(self, server, route, text, number, value):
        assert detail(server.post(route, {text: value}))["loc"] == ["body", text]

    def test_it_is_required(self, server, route, text, number):
        complaint = detail(server.post(route, {number: 3}))
        assert complaint["type"] == "missing"
        assert complaint["loc"] == ["body", text]

    def test_unknown_fields_are_ignored(self, server, route, text, number):
        assert server.post(route, {text: QUESTION, "surprise": {"a": [1]}}).status == 200

    def test_the_last_of_a_doubled_key_counts(self, server, route, text, number):
        body = f'{{"{text}": "{QUESTION}", "{number}": 99, "{number}": 2}}'.encode()
        assert server.post(route, body).status == 200
        body = f'{{"{text}": "{QUESTION}", "{number}": 2, "{number}": 99}}'.encode()
        assert detail(server.post(route, body))["loc"] == ["body", number]


@pytest.mark.parametrize("route, field", [("/ask", "use_hybrid_search"), ("/ask", "fast_mode"),
                                          ("/search", "hybrid")])
class TestBooleans:
    @pytest.mark.parametrize("value", [True, False, "yes", "no", "true", "off", 1, 0])
    def test_the_usual_spellings_are_accepted(self, server, route, field, value):
        text = "query" if route == "/search" else "question"
        assert server.post(route, {text: QUESTION, field: value}).status == 200

    @pytest.mark.parametrize("value", [None, 2, "maybe", [], 0.5])
    def test_others_are_refused(self, server, route, field, value):
        text = "query" if route == "/search" else "question"
        assert detail(server.post(route, {text: QUESTION, field: value}))["loc"] == ["body", field]


@pytest.mark.parametrize("route", ["/ask", "/ask/simple", "/search"])
class TestBodies:
    @pytest.mark.parametrize("body", [b"", b"{", b'{"question": "x"', b"not json", b"[]", b'["a"]',
                                      b'"text"', b"5", b"null", b"{} {}", b'{"question": "x",}'])
    def test_no_json_object_is_refused(self, server, route, body):
        reply = server.post(route, body)
        assert reply.status == 422
        assert reply.json()["detail"][0]["loc"][0] == "body"

    @pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
    def test_another_content_type_is_refused(self, server, route, content_type):
        body = json.dumps({"question": QUESTION, "query": QUESTION}).encode()
        reply = server.post(route, body, headers={"Content-Type": content_type})
        assert reply.status == 422

    def test_an_absent_content_type_is_refused(self, server, route):
        body = json.dumps({"question": QUESTION, "query": QUESTION})
        assert server.request("POST", route, body=body).status == 422

    @pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON",
                                              "application/vnd.api+json"])
    def test_json_by_another_spelling_is_accepted(self, server, route, content_type):
        body = json.dumps({"question": QUESTION, "query": QUESTION}).encode()
        assert server.post(route, body, headers={"Content-Type": content_type}).status == 200

    def test_bytes_that_are_not_utf8_are_refused(self, server, route):
        reply = server.post(route, b'{"question": "caf\xe9", "query": "caf\xe9"}')
        assert reply.status == 400
        assert reply.json()["detail"]

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
    def test_numbers_that_json_does_not_have_are_refused(self, server, route, number):
        body = f'{{"question": "x", "query": "x", "top_k": {number}, "max_context_chunks": {number}}}'
        reply = server.post(route, body.encode())
        assert reply.status == 422
        reply.json()

    def test_deep_nesting_is_refused(self, server, route):
        body = b'{"question": "x", "query": "x", "more": ' + b"[" * 20000 + b"]" * 20000 + b"}"
        assert server.post(route, body).status == 400

    def test_lone_surrogates_are_refused(self, server, route):
        assert server.post(route, b'{"question": "\\ud800", "query": "\\ud800"}').status == 422

    def test_a_refusal_is_not_cached_and_does_not_say_x_cache(self, server, route):
        for _ in range(2):
            reply = server.post(route, b"[]")
            assert reply.status == 422
            assert reply.cache is None
        assert server.cache_stats()["total_items"] == 0


@pytest.mark.parametrize("route", ["/ask", "/ask/simple", "/search"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "PATCH"])
def test_another_method_is_405_and_the_right_one_is_named(server, route, method):
    reply = server.request(method, route)
    assert reply.status == 405
    assert "POST" in reply.headers["Allow"]


@pytest.mark.parametrize("path", ["/", "/nothing", "/ask/other", "/askx", "/ASK", "/metrics/x"])
def test_an_unknown_path_is_404_as_json(server, path):
    reply = server.get(path)
    if path == "/" and reply.status in (302, 307):
        return  # a redirect to the page of documentation is as good
    assert reply.status == 404
    assert reply.json()["detail"]


def test_a_trailing_slash_is_redirected(server):
    reply = server.post("/ask/", {"question": QUESTION})
    assert reply.status == 307
    assert reply.headers["Location"].endswith("/ask")


def test_a_null_byte_in_a_question_is_harmless(server):
    reply = server.post("/search", b'{"query": "Mount\\u0000Aria"}')
    assert reply.status in (200, 422)
