"""/cache/stats, /cache/clear and who may use them (section 2, row 14)."""

import pytest

QUESTION = "How high is Mount Aria?"
KEY = {"Authorization": "Bearer the-admin-key"}


def test_the_statistics_have_the_documented_names(server):
    server.ask(QUESTION)
    server.ask(QUESTION)
    stats = server.cache_stats()
    assert set(stats) >= {"total_items", "valid_items", "expired_items", "max_size", "utilization",
                          "ttl_seconds", "bytes", "max_bytes", "hits", "misses", "evictions"}
    assert (stats["total_items"], stats["valid_items"], stats["expired_items"]) == (1, 1, 0)
    assert stats["max_size"] == 1000
    assert stats["ttl_seconds"] == 300
    assert stats["utilization"] == pytest.approx(0.1)
    assert stats["max_bytes"] == 64 * 1024 * 1024
    assert 0 < stats["bytes"] < 100_000


def test_clear_empties_everything(server):
    server.ask(QUESTION)
    server.search("Aria")
    assert server.post("/cache/clear").json()["cleared"] == 2
    assert server.cache_stats()["total_items"] == 0
    assert server.ask(QUESTION).cache == "MISS"


def test_clear_by_route(server):
    server.ask(QUESTION)
    server.search("Aria")
    assert server.post("/cache/clear", {"route": "/search"}).json()["cleared"] == 1
    assert server.ask(QUESTION).cache == "HIT"
    assert server.search("Aria").cache == "MISS"


def test_clear_by_tenant(server):
    one, two = {"Authorization": "Bearer A"}, {"Authorization": "Bearer B"}
    server.ask(QUESTION, headers=one)
    server.ask(QUESTION, headers=two)
    server.ask(QUESTION)
    assert server.post("/cache/clear", {"tenant": "public"}).json()["cleared"] == 1
    assert server.ask(QUESTION, headers=one).cache == "HIT"
    assert server.ask(QUESTION).cache == "MISS"


def test_clear_by_document(server):
    server.ask(QUESTION, max_context_chunks=1)
    server.ask("At which pressure does the boiler of the T7 engine work?", max_context_chunks=1)
    assert server.post("/cache/clear", {"document_id": "mountains.md"}).json()["cleared"] == 1
    assert server.ask(QUESTION, max_context_chunks=1).cache == "MISS"
    assert server.ask("At which pressure does the boiler of the T7 engine work?",
                      max_context_chunks=1).cache == "HIT"


@pytest.mark.parametrize("body", [b"[]", b'{"rout": "/ask"}', b'{"route": 5}', b"{"])
def test_a_clear_that_is_not_understood_clears_nothing(server, body):
    server.ask(QUESTION)
    assert server.post("/cache/clear", body).status in (400, 422)
    assert server.cache_stats()["total_items"] == 1


def test_clear_is_a_post(server):
    assert server.get("/cache/clear").status == 405
    assert server.post("/cache/stats").status == 405


class TestAdminKey:
    @pytest.fixture
    def server(self, start_server):
        return start_server(environment={"LIQUID_ADMIN_KEY": "the-admin-key"})

    @pytest.mark.parametrize("method, path", [("GET", "/cache/stats"), ("POST", "/cache/clear"),
                                              ("POST", "/metrics/reset")])
    def test_it_is_needed_once_it_is_set(self, server, method, path):
        def call(headers):
            return server.request(method, path, headers=headers)

        assert call({}).status == 401
        assert call({"Authorization": "Bearer wrong"}).status == 403
        assert call({"Authorization": "Bearer the-admin-ke"}).status == 403
        assert call({"X-Admin-Key": "the-admin-key"}).status == 200
        assert call(KEY).status == 200

    def test_it_is_not_needed_to_ask(self, server):
        assert server.ask(QUESTION).status == 200

    def test_it_is_never_logged_or_shown(self, server, run_liquid):
        server.get("/cache/stats", headers=KEY)
        printed = run_liquid("serve", "--print-config",
                             environment={"LIQUID_ADMIN_KEY": "the-admin-key"})
        assert "the-admin-key" not in server.log() + printed.stdout + printed.stderr


def test_without_a_key_a_forwarded_caller_is_not_local(server):
    """Behind a proxy every connection comes from this host; the header tells that it is not."""
    reply = server.get("/cache/stats", headers={"X-Forwarded-For": "203.0.113.9"})
    assert reply.status == 403
