"""A running server and a changing index (section 2, row 15; the cache's promise about evidence)."""

import pytest

from support.waiting import wait_until

ARIA = "How high is Mount Aria?"
SEXTANT = "What did Ida Moll invent?"


@pytest.fixture
def server(start_server, own_index):
    return start_server(index=own_index)


@pytest.fixture
def change(run_liquid, own_index, own_documents):
    """change("mountains.md", text) writes the document and indexes it; None removes it."""

    def apply(name, text):
        path = own_documents / name
        if text is None:
            run = run_liquid("index", "remove", "--index", own_index, name, cwd=own_documents)
        else:
            path.write_text(text, encoding="utf-8")
            run = run_liquid("index", "add", "--index", own_index, name, cwd=own_documents)
        assert run.returncode == 0, run.stdout + run.stderr

    return apply


def test_a_new_document_is_seen_without_a_restart(server, change):
    assert server.search("zeppelin").json()["total"] == 0
    change("zeppelin.md", "# Airships\n\nThe zeppelin of Osk flew in 1931.\n")
    reply = server.search("zeppelin")
    assert reply.cache == "MISS"
    assert reply.json()["results"][0]["document_id"] == "zeppelin.md"
    wait_until(lambda: server.get("/stats").json()["total_documents"] == 7, "/stats counts it")


def test_an_answer_whose_evidence_changed_is_made_anew(server, change):
    assert "4121" in server.ask(ARIA).json()["answer"]
    assert server.ask(ARIA).cache == "HIT"
    change("mountains.md", "# Mountains\n\n## Mount Aria\n\nMount Aria is 4299 metres high.\n")
    fresh = server.ask(ARIA)
    assert fresh.cache == "MISS"
    assert "4299" in fresh.json()["answer"] and "4121" not in fresh.json()["answer"]
    assert server.ask(ARIA).cache == "HIT"


def test_an_answer_whose_evidence_did_not_change_stays(start_server, own_index, run_liquid, tmp_path):
    """Adding documents that no answer used must not drop one of them. The index is large enough that a
    new document does not enter the first five results."""
    docs = tmp_path / "many"
    docs.mkdir()
    names = []
    for i in range(12):
        (docs / f"peak{i}.md").write_text(f"# Peak {i}\n\nPeak number {i} is {1000 + i} metres high.\n")
        names.append(f"peak{i}.md")
    index = tmp_path / "many-idx"
    assert run_liquid("index", "add", "--index", index, *names, cwd=docs).returncode == 0
    server = start_server(index=index)
    question = "How high is peak number 7?"
    first = server.ask(question)
    assert first.cache == "MISS"
    (docs / "recipe.md").write_text("# Soup\n\nBoil onions, carrots and leek for an hour.\n")
    assert run_liquid("index", "add", "--index", index, "recipe.md", cwd=docs).returncode == 0
    again = server.ask(question)
    assert again.cache == "HIT"
    assert "revalidated" in again.header("Cache-Status")
    assert again.body == first.body
    plain = server.ask(question)
    assert plain.cache == "HIT"
    assert "revalidated" not in plain.header("Cache-Status")


def test_the_same_contents_again_are_the_same_state(server, change):
    text = "# Airships\n\nThe zeppelin of Osk flew in 1931.\n"
    change("zeppelin.md", text)
    server.ask(ARIA)
    change("zeppelin.md", text)
    hit = server.ask(ARIA)
    assert hit.cache == "HIT"
    assert "revalidated" not in hit.header("Cache-Status")


def test_a_removed_document_is_not_quoted_any_more(server, change):
    assert "sextant" in server.ask(SEXTANT).json()["answer"]
    change("people.jsonl", None)
    reply = server.ask(SEXTANT)
    assert reply.cache == "MISS"
    assert "folding sextant" not in reply.json()["answer"]
    assert "people.jsonl" not in " ".join(reply.json()["sources"])


def test_going_back_finds_the_old_answer_still_right(server, change, own_documents):
    """The entry was never dropped, and its evidence is back: whatever the cache does, the answer must
    be the old one."""
    old = (own_documents / "mountains.md").read_text()
    server.ask(ARIA)
    change("mountains.md", "# Mountains\n\n## Mount Aria\n\nMount Aria is 4299 metres high.\n")
    assert "4299" in server.ask(ARIA).json()["answer"]
    change("mountains.md", old)
    assert "4121" in server.ask(ARIA).json()["answer"]


def test_the_epoch_changes_exactly_with_the_contents(server, change):
    def epoch():
        return server.get("/stats").json()["epoch"]

    start = epoch()
    text = "# Airships\n\nThe zeppelin of Osk flew in 1931.\n"
    change("zeppelin.md", text)
    with_it = wait_until(lambda: (now := epoch()) != start and now, "the epoch moves")
    change("zeppelin.md", None)
    wait_until(lambda: epoch() == start, "the epoch goes back with the contents")
    change("zeppelin.md", text)
    wait_until(lambda: epoch() == with_it, "and forth")


def test_a_stampede_right_after_a_change_computes_at_most_twice(
        start_with_model, upstream, own_index, run_liquid, own_documents):
    from concurrent.futures import ThreadPoolExecutor
    server = start_with_model(index=own_index)
    server.ask(ARIA)
    (own_documents / "mountains.md").write_text("# Mountains\n\n## Mount Aria\n\nIt is 4300 m.\n")
    run_liquid("index", "add", "--index", own_index, "mountains.md", cwd=own_documents)
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: server.ask(ARIA), range(16)))
    assert {reply.status for reply in replies} == {200}
    # Once for those who came before the change was loaded, once for those after: they may not share,
    # because nobody knows yet which state the first computation has seen.
    assert len(upstream.calls) in (2, 3)
    assert server.ask(ARIA).cache == "HIT"
