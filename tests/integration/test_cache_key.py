"""Which requests are the same question, and whose (section 2, rows 3 and 16)."""

import json

import pytest

QUESTION = "How high is Mount Aria?"


def outcomes(server, requests, route="/ask"):
    return [server.post(route, body.encode() if isinstance(body, str) else body).cache
            for body in requests]


@pytest.mark.parametrize("same", [
    '{"question":"How high is Mount Aria?"}',
    '{ "question" : "How high is Mount Aria?" }\n',
    '{"question": "  How high   is\\tMount Aria?\\n"}',
    '{"question": "How high is Mount\\u00a0Aria?"}',
    '{"question": "\\u0048ow high is Mount \\u0041ria?"}',
    '{"max_context_chunks": 5, "question": "How high is Mount Aria?"}',
    '{"question": "How high is Mount Aria?", "max_context_chunks": 5, "use_hybrid_search": true,'
    ' "fast_mode": true}',
    '{"fast_mode": "yes", "question": "How high is Mount Aria?", "max_context_chunks": "5"}',
    '{"question": "How high is Mount Aria?", "max_context_chunks": 5.0}',
    '{"question": "How high is Mount Aria?", "unknown": [1, {"a": null}]}',
    '{"question": "something else", "question": "How high is Mount Aria?"}',
])
def test_the_same_question_in_other_bytes_hits(server, same):
    assert outcomes(server, [json.dumps({"question": QUESTION}), same]) == ["MISS", "HIT"]


def test_composed_and_decomposed_letters_are_the_same(server):
    assert outcomes(server, ['{"question": "caf\\u00e9 Aria"}', '{"question": "cafe\\u0301 Aria"}',
                             '{"question": "café Aria"}']) == ["MISS", "HIT", "HIT"]


@pytest.mark.parametrize("other", [
    {"question": "How high is Mount Belo?"},
    {"question": "how high is mount aria?"},
    {"question": QUESTION, "max_context_chunks": 4},
    {"question": QUESTION, "fast_mode": False},
    {"question": "Howhigh is Mount Aria?"},
])
def test_another_question_or_parameter_misses(server, other):
    assert outcomes(server, [json.dumps({"question": QUESTION}), json.dumps(other)]) == [
        "MISS", "MISS"]


def test_routes_do_not_share_answers(server):
    assert server.post("/ask", {"question": QUESTION}).cache == "MISS"
    assert server.post("/ask/simple", {"question": QUESTION}).cache == "MISS"
    assert server.post("/ask", {"question": QUESTION}).cache == "HIT"


def test_search_has_its_own_defaults(server):
    bodies = ['{"query": "Aria"}', '{"hybrid": true, "top_k": 5, "query": " Aria "}',
              '{"query": "Aria", "top_k": 6}', '{"query": "Aria", "top_k": "6"}']
    assert outcomes(server, bodies, "/search") == ["MISS", "HIT", "MISS", "HIT"]


def test_a_search_that_hits_by_folding_keeps_the_first_callers_echo(server):
    """`query` is part of the answer; blanks at its ends are no part of the question."""
    first = server.post("/search", b'{"query": "Aria"}')
    second = server.post("/search", b'{"query": "  Aria "}')
    assert (first.cache, second.cache) == ("MISS", "HIT")
    assert second.json()["query"].strip() == "Aria"


# --- tenants ---

def test_what_one_tenant_asked_is_not_shown_to_another(server):
    """The old key was path and body: A's answer went to B and to nobody in particular."""
    callers = [{"Authorization": "Bearer A"}, {"Authorization": "Bearer B"}, {}, {"X-API-Key": "C"}]
    assert [server.ask(QUESTION, headers=who).cache for who in callers] == ["MISS"] * 4
    assert [server.ask(QUESTION, headers=who).cache for who in callers] == ["HIT"] * 4


def test_stampedes_of_different_tenants_are_kept_apart(start_with_model, upstream):
    """Single flight must not join callers across tenants either."""
    from concurrent.futures import ThreadPoolExecutor
    server = start_with_model()
    upstream.hold()
    upstream.answer = lambda body: f"Answer number {len(upstream.calls)} [1]."
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(server.ask, QUESTION, {"Authorization": "Bearer A"})
        two = pool.submit(server.ask, QUESTION, {"Authorization": "Bearer B"})
        upstream.wait_for_calls(2)
        upstream.release()
        assert one.result().status == two.result().status == 200
    assert len(upstream.calls) == 2


def test_a_tenants_name_cannot_be_smuggled_into_the_body(server):
    """No mixture of header and body may produce another tenant's key."""
    server.ask(QUESTION, headers={"Authorization": "Bearer A"})
    for body in ({"question": QUESTION, "tenant": "Bearer A"}, {"question": f"A/ask{QUESTION}"}):
        assert server.post("/ask", body).cache == "MISS"
