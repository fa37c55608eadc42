"""What the three routes answer: fields, sources, refusals (API document, sections 1.1 and 1.2)."""

import pytest

from support.documents import DOCUMENTS

ANSWERABLE = [
    ("How high is Mount Aria?", "4121", "mountains.md"),
    ("When was the lighthouse of Calder island built?", "1862", "harbours.md"),
    ("How long does Cardon cheese ripen?", "fourteen months", "cheese.html"),
    ("At which pressure does the boiler of the T7 engine work?", "14 bar", "engine.txt"),
    ("What did Ida Moll invent?", "folding sextant", "people.jsonl"),
]


@pytest.mark.parametrize("route", ["/ask", "/ask/simple"])
@pytest.mark.parametrize("question, expected, path", ANSWERABLE)
def test_an_answer_quotes_the_document_and_names_it(server, route, question, expected, path):
    reply = server.post(route, {"question": question})
    assert reply.status == 200
    answer = reply.json()
    assert expected in answer["answer"]
    assert answer["sources"][0].startswith(path)
    assert 0.0 < answer["confidence"] <= 1.0
    assert 1 <= answer["context_used"] <= 5
    assert answer["retrieval"] == "lexical"


@pytest.mark.parametrize("route", ["/ask", "/ask/simple"])
def test_what_no_document_says_is_not_found(server, route):
    reply = server.post(route, {"question": "Who won the chess championship of Norway in 2003?"})
    assert reply.status == 200
    answer = reply.json()
    assert answer["sources"] == []
    for known in ("Brandt", "Moll", "Reck"):
        assert known not in answer["answer"]
    found = server.ask("How high is Mount Aria?").json()
    assert answer["confidence"] < found["confidence"]


def test_an_answer_is_not_the_prompt_again(server):
    """The old server returned all of the context with its answer."""
    answer = server.post("/ask/simple", {"question": "How high is Mount Aria?"}).json()["answer"]
    assert len(answer) < 300
    assert "T7" not in answer and "Cardon" not in answer


def test_max_context_chunks_is_obeyed(server):
    for wanted in (1, 2):
        answer = server.ask("mountain harbour cheese engine Velar", max_context_chunks=wanted).json()
        assert answer["context_used"] <= wanted


def test_a_second_round_is_made_when_fast_mode_is_off(server):
    reply = server.ask("How high is Mount Aria?", fast_mode=False)
    assert reply.status == 200
    assert "4121" in reply.json()["answer"]


def test_search_results_have_every_field(server):
    reply = server.search("Calder island lighthouse", top_k=3)
    assert reply.status == 200
    found = reply.json()
    assert found["query"] == "Calder island lighthouse"
    assert found["total"] == len(found["results"]) <= 3
    assert found["retrieval"] == "lexical"
    first = found["results"][0]
    assert set(first) >= {"chunk_id", "text", "score", "source", "section", "document_id"}
    assert first["source"] == first["document_id"] == "harbours.md"
    assert "1862" in first["text"]
    assert "Calder island" in first["section"]
    scores = [result["score"] for result in found["results"]]
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert scores == sorted(scores, reverse=True)


def test_a_jsonl_row_is_found_under_its_own_id(server):
    first = server.search("folding sextant").json()["results"][0]
    assert first["document_id"] == "person-1"
    assert first["source"] == "people.jsonl"


def test_a_phrase_in_quotes_must_occur(server):
    assert server.search('"tidal range"').json()["total"] == 1
    assert server.search('"range tidal"').json()["total"] == 0


def test_top_k_bounds_the_results(server):
    for wanted in (1, 2, 20):
        found = server.search("Velar range", top_k=wanted).json()
        assert found["total"] <= wanted


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "\u00a0\u3000"])
def test_an_empty_question_is_answered_not_a_failure(server, text):
    """The old server divided by zero."""
    found = server.search(text)
    assert found.status == 200
    assert found.json() == {**found.json(), "results": [], "total": 0}
    for route in ("/ask", "/ask/simple"):
        reply = server.post(route, {"question": text})
        assert reply.status == 200
        assert reply.json()["sources"] == []
        assert reply.json()["context_used"] == 0


def test_answers_in_other_scripts_survive_the_way(server):
    text = "Grüße, 世界 🌍 – ‘quoted’ \u202e"
    assert server.search(text).json()["query"] == text


def test_every_document_of_the_corpus_is_in_stats(server):
    stats = server.get("/stats").json()
    assert stats["total_documents"] == len(DOCUMENTS) + 1  # the JSONL file holds two
    assert stats["collection_name"] == "documents"
    assert stats["persist_directory"]
