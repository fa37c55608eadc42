"""X-Cache, Age, Cache-Status, ETag and what a client's Cache-Control does (section 2, rows 5, 23, 24)."""

import re

import pytest

QUESTION = "How high is Mount Aria?"
ROUTES = [("/ask", {"question": QUESTION}), ("/ask/simple", {"question": QUESTION}),
          ("/search", {"query": QUESTION})]


@pytest.mark.parametrize("route, body", ROUTES)
def test_a_hit_says_so_in_every_header(server, route, body):
    miss, hit = server.post(route, body), server.post(route, body)
    assert (miss.cache, hit.cache) == ("MISS", "HIT")
    assert miss.header("X-Cache-Age") is None and miss.header("Age") is None
    assert re.fullmatch(r"\d+", hit.header("X-Cache-Age"))
    assert hit.header("Age") == hit.header("X-Cache-Age")
    assert re.search(r";\s*hit\b", hit.header("Cache-Status"))
    assert re.search(r";\s*ttl=\d+", hit.header("Cache-Status"))
    assert re.search(r";\s*fwd=uri-miss|;\s*fwd=miss", miss.header("Cache-Status"))
    assert "stored" in miss.header("Cache-Status")
    assert hit.body == miss.body
    assert hit.header("Content-Type") == miss.header("Content-Type") == "application/json"


@pytest.mark.parametrize("route, body", ROUTES)
def test_answers_are_private_to_the_caller(server, route, body):
    """No shared cache in between may keep what belongs to one tenant."""
    for _ in range(2):
        assert "private" in server.post(route, body).header("Cache-Control")


@pytest.mark.parametrize("route, body", ROUTES)
def test_an_etag_saves_the_body(server, route, body):
    miss, hit = server.post(route, body), server.post(route, body)
    etag = miss.header("ETag")
    assert re.fullmatch(r'(W/)?"[^"]+"', etag)
    assert hit.header("ETag") == etag
    for sent in (etag, f'"other", {etag}', f"W/{etag}" if not etag.startswith("W/") else etag, "*"):
        same = server.post(route, body, headers={"If-None-Match": sent})
        assert (same.status, same.body) == (304, b""), sent
        assert same.header("ETag") == etag
        assert same.cache == "HIT"
    other = server.post(route, body, headers={"If-None-Match": '"other"'})
    assert other.status == 200 and other.body == miss.body


def test_different_answers_have_different_etags(server):
    one = server.ask("How high is Mount Aria?").header("ETag")
    two = server.ask("How high is Mount Belo?").header("ETag")
    assert one != two


@pytest.mark.parametrize("directive", ["no-cache", "max-age=0", "No-Cache", "foo, no-cache"])
def test_no_cache_asks_for_a_new_answer_and_keeps_it(start_with_model, upstream, directive):
    server = start_with_model()
    upstream.answer = lambda body: f"Answer number {len(upstream.calls)} [1]."
    server.ask(QUESTION)
    again = server.ask(QUESTION, headers={"Cache-Control": directive})
    assert again.cache in ("BYPASS", "MISS")
    assert "number 2" in again.json()["answer"]
    hit = server.ask(QUESTION)
    assert hit.cache == "HIT"
    assert "number 2" in hit.json()["answer"]


def test_pragma_no_cache_is_the_same_for_old_clients(server):
    server.ask(QUESTION)
    assert server.ask(QUESTION, headers={"Pragma": "no-cache"}).cache != "HIT"


def test_no_store_leaves_no_trace(server):
    for _ in range(2):
        reply = server.ask(QUESTION, headers={"Cache-Control": "no-store"})
        assert reply.status == 200
        assert reply.cache == "BYPASS"
    assert server.cache_stats()["total_items"] == 0
    assert server.ask(QUESTION).cache == "MISS"
    assert server.ask(QUESTION, headers={"Cache-Control": "no-store"}).cache == "BYPASS"
    assert server.ask(QUESTION).cache == "HIT"


def test_only_if_cached_computes_nothing(start_with_model, upstream):
    server = start_with_model()
    reply = server.ask(QUESTION, headers={"Cache-Control": "only-if-cached"})
    assert reply.status == 504
    assert upstream.calls == []
    server.ask(QUESTION)
    reply = server.ask(QUESTION, headers={"Cache-Control": "only-if-cached"})
    assert (reply.status, reply.cache) == (200, "HIT")
    assert len(upstream.calls) == 1


def test_a_large_max_age_is_content_with_what_is_there(server):
    server.ask(QUESTION)
    assert server.ask(QUESTION, headers={"Cache-Control": "max-age=3600"}).cache == "HIT"


@pytest.mark.parametrize("nonsense", ["max-age=x", "max-age=-1", "=,;", "max-age=99999999999999999999",
                                      "no-cache-please"])
def test_nonsense_in_cache_control_is_ignored_or_safe(server, nonsense):
    server.ask(QUESTION)
    reply = server.ask(QUESTION, headers={"Cache-Control": nonsense})
    assert reply.status == 200
    assert reply.cache in ("HIT", "MISS")


@pytest.mark.parametrize("path", ["/health", "/status", "/stats", "/metrics", "/cache/stats"])
def test_other_routes_do_not_speak_of_the_cache(server, path):
    assert server.get(path).cache is None


# --- per-request headers are this request's own ---

def test_time_and_request_id_are_not_replayed(start_with_model, upstream):
    server = start_with_model()
    upstream.delay = 0.3
    miss = server.ask(QUESTION, headers={"X-Request-Id": "first-caller"})
    hit = server.ask(QUESTION, headers={"X-Request-Id": "second-caller"})
    assert (miss.cache, hit.cache) == ("MISS", "HIT")
    assert miss.header("X-Request-Id") == "first-caller"
    assert hit.header("X-Request-Id") == "second-caller"
    seconds = [float(reply.header("X-Response-Time").removesuffix("s")) for reply in (miss, hit)]
    assert seconds[0] >= 0.3
    assert seconds[1] < 0.25


def test_every_request_gets_an_id_and_a_bad_one_is_replaced(server):
    ids = {server.get("/status").header("X-Request-Id") for _ in range(5)}
    assert len(ids) == 5 and None not in ids
    assert server.get("/status", headers={"X-Request-Id": "ok-1.2_3"}).header(
        "X-Request-Id") == "ok-1.2_3"
    for bad in ("x" * 1000, 'a"b', "a b"):
        assert server.get("/status", headers={"X-Request-Id": bad}).header("X-Request-Id") != bad


def test_rate_limit_values_are_this_requests_own(start_server):
    server = start_server(rate_limit="100/60")
    replies = [server.ask(QUESTION) for _ in range(4)]
    assert [reply.cache for reply in replies] == ["MISS", "HIT", "HIT", "HIT"]
    assert [int(reply.header("X-RateLimit-Remaining")) for reply in replies] == [99, 98, 97, 96]
    assert {reply.header("X-RateLimit-Limit") for reply in replies} == {"100"}


# --- CORS ---

def cors(reply):
    return reply.header("Access-Control-Allow-Origin")


def test_cors_is_off_by_default(server):
    assert cors(server.ask(QUESTION, headers={"Origin": "http://a.example"})) is None


def test_cors_headers_are_each_callers_own(start_server):
    """The old cache replayed the first caller's origin to everybody for five minutes."""
    server = start_server(cors_origin=["http://a.example", "http://b.example"])
    plain = server.ask(QUESTION)
    to_a = server.ask(QUESTION, headers={"Origin": "http://a.example"})
    to_b = server.ask(QUESTION, headers={"Origin": "http://b.example"})
    to_c = server.ask(QUESTION, headers={"Origin": "http://c.example"})
    assert [reply.cache for reply in (plain, to_a, to_b, to_c)] == ["MISS", "HIT", "HIT", "HIT"]
    assert [cors(reply) for reply in (plain, to_a, to_b, to_c)] == [
        None, "http://a.example", "http://b.example", None]
    for reply in (to_a, to_b, to_c, plain):
        assert "Origin" in reply.header("Vary")


def test_a_preflight_is_answered(start_server):
    server = start_server(cors_origin=["http://a.example"])
    headers = {"Origin": "http://a.example", "Access-Control-Request-Method": "POST",
               "Access-Control-Request-Headers": "content-type"}
    reply = server.request("OPTIONS", "/ask", headers=headers)
    assert reply.status in (200, 204)
    assert cors(reply) == "http://a.example"
    assert "POST" in reply.header("Access-Control-Allow-Methods")
    assert "content-type" in reply.header("Access-Control-Allow-Headers").lower()
    refused = server.request("OPTIONS", "/ask", headers={**headers, "Origin": "http://evil.example"})
    assert cors(refused) is None


def test_a_browser_can_read_the_headers_that_matter(start_server):
    server = start_server(cors_origin=["http://a.example"])
    exposed = server.ask(QUESTION, headers={"Origin": "http://a.example"}).header(
        "Access-Control-Expose-Headers")
    assert "X-Cache" in exposed


def test_options_without_cors_is_405(server):
    assert server.request("OPTIONS", "/ask").status == 405
