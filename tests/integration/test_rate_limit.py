"""The limiter (section 2, rows 6, 7, 8, 27)."""

import time

import pytest

QUESTION = "How high is Mount Aria?"


@pytest.fixture
def server(start_server):
    return start_server(rate_limit="5/60")


def test_the_sixth_request_is_refused_properly(server):
    """The old limiter answered 500 and wrote a stack trace per refusal."""
    for i in range(5):
        reply = server.ask(QUESTION)
        assert reply.status == 200
        assert int(reply.header("X-RateLimit-Remaining")) == 4 - i
    refused = server.ask(QUESTION)
    assert refused.status == 429
    assert refused.cache is None
    assert refused.header("X-RateLimit-Limit") == "5"
    assert refused.header("X-RateLimit-Remaining") == "0"
    assert 1 <= int(refused.header("Retry-After")) <= 60
    assert time.time() < int(refused.header("X-RateLimit-Reset")) <= time.time() + 61
    detail = refused.json()["detail"]
    assert detail["error"] == "Rate limit exceeded"
    assert detail["limit"] == "5 requests per 60 seconds"
    assert detail["retry_after"] == int(refused.header("Retry-After"))


def test_hits_count_too(server):
    """With hits unlimited, one attacker has an unlimited server."""
    statuses = [server.ask(QUESTION).status for _ in range(8)]
    assert statuses == [200] * 5 + [429] * 3


def test_watching_is_not_limited(server):
    for _ in range(10):
        server.ask(QUESTION)
    for path in ("/health", "/status", "/metrics"):
        for _ in range(8):
            assert server.get(path).status == 200
    assert server.ask(QUESTION).status == 429


def test_watching_uses_nothing_up(server):
    for _ in range(20):
        server.get("/status")
    assert server.ask(QUESTION).header("X-RateLimit-Remaining") == "4"


def test_known_tenants_have_their_own_budget(start_server, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("acme key-a-long\nzenith key-b-long\n")
    server = start_server(rate_limit="5/60", api_keys=keys)
    for _ in range(6):
        server.ask(QUESTION, headers={"X-API-Key": "key-a-long"})
    assert server.ask(QUESTION, headers={"X-API-Key": "key-a-long"}).status == 429
    assert server.ask(QUESTION, headers={"X-API-Key": "key-b-long"}).status == 200
    assert server.ask(QUESTION).status == 200


def test_a_made_up_credential_is_not_a_new_budget(server):
    statuses = [server.ask(QUESTION, headers={"X-API-Key": f"made-up-{i}"}).status for i in range(7)]
    assert statuses == [200] * 5 + [429] * 2


def test_tokens_come_back(start_server):
    from support.waiting import wait_until
    server = start_server(rate_limit="2/1")
    wait_until(lambda: server.ask(QUESTION).status == 429, "the budget is used up")
    wait_until(lambda: server.ask(QUESTION).status == 200, "a token comes back")


def test_refusals_do_not_fill_the_log_with_failures(server):
    for _ in range(30):
        server.ask(QUESTION)
    server.stop()
    assert not [line for line in server.lines if '"level":"error"' in line or "Traceback" in line]


def test_off_means_no_limit_and_no_headers(start_server):
    server = start_server(rate_limit="0")
    for _ in range(150):
        reply = server.search("Aria")
        assert reply.status == 200
    assert reply.header("X-RateLimit-Limit") is None


def test_the_default_is_100_per_60_seconds(liquid_bin, index, start_server):
    server = start_server(rate_limit="100/60")
    assert server.search("Aria").header("X-RateLimit-Limit") == "100"


def test_bad_requests_count_as_well(server):
    statuses = [server.post("/ask", b"[]").status for _ in range(7)]
    assert statuses == [422] * 5 + [429] * 2


@pytest.mark.parametrize("value", ["5", "x/60", "5/0", "-1/60", "5/60/7", "", "0/60x"])
def test_a_limit_that_is_not_understood_stops_the_start(run_liquid, index, value):
    run = run_liquid("serve", "--index", index, "--port", "0", "--rate-limit", value, timeout=10)
    assert run.returncode != 0
    assert "rate-limit" in run.stderr


def test_many_callers_cost_bounded_memory(start_server):
    """A list per caller that is never removed grows for ever; here 20 000 callers leave little."""
    server = start_server(rate_limit="100/60")
    connection = server.connect()
    from support.server import exchange
    from test_cache_bounds import resident_bytes
    before = resident_bytes(server)
    for i in range(20_000):
        exchange(connection, "POST", "/none", b"", {"Authorization": f"Bearer caller-{i}"})
    assert resident_bytes(server) - before < 16 * 1024 * 1024
