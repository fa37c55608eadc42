"""Questions over the sample documents, asked of a running server: right pages, right words, honest refusals.

examples/docs/docs.questions.jsonl are the questions the figures in the README stand for;
tests/data/docs_questions_extra.jsonl are more of the same kind, with looser floors.
"""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ROOT / "examples/docs"
SAMPLE = DOCUMENTS / "docs.questions.jsonl"
EXTRA = ROOT / "tests/data/docs_questions_extra.jsonl"
NOTHING_FOUND = "I found nothing in the documents that answers this question."
NOT_DOCUMENTS = {"README.md", "LICENSE", "NOTICE", SAMPLE.name}


def load(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def docs_server(module_servers, run_liquid, tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs") / "idx"
    names = sorted(str(path.relative_to(DOCUMENTS)) for path in DOCUMENTS.rglob("*")
                   if path.is_file() and path.name not in NOT_DOCUMENTS)
    run = run_liquid("index", "add", "--index", folder, *names, cwd=DOCUMENTS)
    assert run.returncode == 0, run.stdout + run.stderr
    return module_servers(index=folder)


def ask_all(server, path):
    asked = []
    for question in load(path):
        reply = server.ask(question["question"])
        assert reply.status == 200, reply.body
        asked.append(SimpleNamespace(**question, reply=reply.json()))
    return asked


@pytest.fixture(scope="module")
def sample(docs_server):
    return ask_all(docs_server, SAMPLE)


@pytest.fixture(scope="module")
def extra(docs_server):
    return ask_all(docs_server, EXTRA)


def answerable(asked):
    return [one for one in asked if one.answerable]


def unanswerable(asked):
    return [one for one in asked if not one.answerable]


def is_refused(one):
    return one.reply["answer"] == NOTHING_FOUND


def names_a_right_page(one):
    pages = [source.split(" > ")[0] for source in one.reply["sources"][:3]]
    return any(page in one.files for page in pages)


def holds_the_answer(one):
    return one.answer.lower() in one.reply["answer"].lower()


def ids(asked):
    return [one.id for one in asked]


def separation(asked):
    """Share of (answerable, unanswerable) pairs in which the answerable one has the higher confidence."""
    pairs = [(high.reply["confidence"], low.reply["confidence"])
             for high in answerable(asked) for low in unanswerable(asked)]
    return sum(high > low for high, low in pairs) / len(pairs)


def mean_confidence(asked):
    return sum(one.reply["confidence"] for one in asked) / len(asked)


def test_a_right_page_is_among_the_first_three_sources(sample):
    wrong = [one for one in answerable(sample) if not names_a_right_page(one)]
    assert len(answerable(sample)) == 24
    assert len(wrong) <= 1, ids(wrong)


def test_answers_hold_the_expected_words(sample):
    right = [one for one in answerable(sample) if holds_the_answer(one)]
    assert len(right) >= 0.8 * len(answerable(sample)), ids(right)


def test_what_the_documents_do_not_say_is_refused(sample):
    answered = [one for one in unanswerable(sample) if not is_refused(one)]
    assert len(unanswerable(sample)) == 6
    assert len(answered) <= 1, ids(answered)


def test_few_answerable_questions_are_refused(sample):
    refused = [one for one in answerable(sample) if is_refused(one)]
    assert len(refused) <= 1, ids(refused)


def test_confidence_tells_answerable_from_unanswerable(sample):
    assert mean_confidence(answerable(sample)) > mean_confidence(unanswerable(sample)) + 0.3
    assert separation(sample) >= 0.95


def test_more_questions_of_the_same_kind_go_as_well(extra):
    known, unknown = answerable(extra), unanswerable(extra)
    assert len(known) >= 70 and len(unknown) >= 30
    assert sum(map(names_a_right_page, known)) >= 0.78 * len(known)
    assert sum(map(holds_the_answer, known)) >= 0.7 * len(known)
    assert sum(map(is_refused, unknown)) >= 0.8 * len(unknown)
    assert sum(map(is_refused, known)) <= 0.08 * len(known)
    assert separation(extra) >= 0.9


def test_refusals_name_no_sources_and_answers_cite_theirs(sample):
    for one in sample:
        if is_refused(one):
            assert one.reply["sources"] == []
            assert one.reply["confidence"] <= 0.3
        else:
            assert any(f"[{number}]" in one.reply["answer"] for number in range(1, 6))
            assert one.reply["confidence"] > 0.3


def test_a_second_round_keeps_the_quality(docs_server, sample):
    asked = []
    for one in answerable(sample):
        reply = docs_server.ask(one.question, fast_mode=False).json()
        asked.append(SimpleNamespace(**{**vars(one), "reply": reply}))
    assert sum(map(names_a_right_page, asked)) >= 22
    assert sum(map(holds_the_answer, asked)) >= 0.6 * len(asked)
