"""/health, /status, /openapi.json, /docs."""

import re

import pytest


def test_status(server):
    status = server.get("/status").json()
    assert status["status"] == "ok"
    assert status["uptime"] >= 0
    assert status["retrieval"] == "lexical"
    assert status["generator"] == "extractive"


def test_stats_name_the_epoch(server):
    assert re.fullmatch(r"[0-9a-f]{64}", server.get("/stats").json()["epoch"])


def test_health_has_the_names_of_both_layouts(server):
    reply = server.get("/health")
    assert reply.status == 200
    health = reply.json()
    assert health["status"] == "healthy"
    assert set(health) >= {"version", "uptime_seconds", "uptime_human", "gpu", "system",
                           "api_metrics", "vector_store"}
    assert health["gpu"]["available"] in (True, False)
    assert set(health["system"]) >= {"cpu_percent", "cpu_count", "memory_percent",
                                     "memory_available_gb", "memory_total_gb"}
    assert 0 <= health["system"]["memory_percent"] <= 100
    assert health["vector_store"]["total_documents"] == 6
    assert re.fullmatch(r"\d+h \d+m", health["uptime_human"])
    assert "total_requests" in health["api_metrics"]


def test_the_routes_are_the_golden_list(server, root):
    """Every route is in /openapi.json, and removing one is a conscious act."""
    description = server.get("/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    found = sorted(f"{method.upper()} {path}" for path, methods in description["paths"].items()
                   for method in methods)
    golden = (root / "tests/integration/golden/routes.txt").read_text().split("\n")
    assert found == [line for line in golden if line]


def test_every_described_route_answers(server):
    description = server.get("/openapi.json").json()
    for path, methods in description["paths"].items():
        for method in methods:
            assert server.request(method.upper(), path).status not in (404, 405), f"{method} {path}"


def test_every_reference_in_the_description_resolves(server):
    description = server.get("/openapi.json").json()

    def walk(value):
        if isinstance(value, dict):
            if "$ref" in value:
                target = description
                for part in value["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(description)


def test_the_described_fields_are_the_answers_fields(server):
    schemas = server.get("/openapi.json").json()["components"]["schemas"]
    answer = server.ask("How high is Mount Aria?").json()
    assert set(answer) <= set(schemas["AskResponse"]["properties"])
    found = server.search("Aria").json()
    assert set(found) <= set(schemas["SearchResponse"]["properties"])
    assert set(found["results"][0]) <= set(schemas["SearchResultItem"]["properties"])


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_page_works_without_the_internet(server, path):
    reply = server.get(path)
    if reply.status in (301, 302, 307, 308):
        reply = server.get(reply.header("Location"))
    assert reply.status == 200
    assert reply.header("Content-Type").startswith("text/html")
    page = reply.body.decode()
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    assert "/ask" in page
