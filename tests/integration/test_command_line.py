"""`liquid index`, `liquid ask`, `liquid cache` as programs."""

import gzip
import json
import signal
import subprocess

import pytest

from support.server import clean_environment
from support.waiting import wait_until

QUESTION = "How high is Mount Aria?"


def rows(run):
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout)


def totals(run_liquid, index):
    return rows(run_liquid("index", "stats", "--index", index, "--json"))


@pytest.fixture
def index_add(run_liquid, tmp_path):
    """index_add("a.md", …) in a folder of its own, with --json; the parsed report."""
    folder = tmp_path / "docs"
    folder.mkdir()

    def add(*arguments, expect=0, stdin=None):
        run = run_liquid("index", "add", "--index", tmp_path / "idx", "--json", *arguments, cwd=folder,
                         stdin=stdin)
        assert run.returncode == expect, run.stdout + run.stderr
        return json.loads(run.stdout.splitlines()[-1])

    add.folder = folder
    add.index = tmp_path / "idx"
    return add


class TestIndexAdd:
    def test_unchanged_files_are_skipped_changed_ones_replaced(self, index_add, run_liquid):
        (index_add.folder / "a.md").write_text("# A\n\nAlpha text.\n")
        (index_add.folder / "b.md").write_text("# B\n\nBeta text.\n")
        first = index_add("a.md", "b.md")
        assert (first["added"], first["replaced"], first["unchanged"]) == (2, 0, 0)
        (index_add.folder / "b.md").write_text("# B\n\nBeta text, longer.\n")
        second = index_add("a.md", "b.md")
        assert (second["added"], second["replaced"], second["unchanged"]) == (0, 1, 1)
        assert totals(run_liquid, index_add.index)["documents"] == 2

    def test_vanished_files_go_with_prune_only(self, index_add, run_liquid):
        (index_add.folder / "sub").mkdir()
        for name in ("a", "b"):
            (index_add.folder / "sub" / f"{name}.md").write_text(f"# {name}\n\nText of {name}.\n")
        index_add("sub")
        (index_add.folder / "sub" / "b.md").unlink()
        assert index_add("sub")["removed"] == 0
        assert totals(run_liquid, index_add.index)["documents"] == 2
        assert index_add("--prune", "sub")["removed"] == 1
        assert totals(run_liquid, index_add.index)["documents"] == 1

    def test_folders_globs_gzip_and_standard_input(self, index_add, run_liquid):
        (index_add.folder / "deep" / "er").mkdir(parents=True)
        (index_add.folder / "deep" / "er" / "x.txt").write_text("Some plain text here.\n")
        (index_add.folder / "deep" / "y.md.gz").write_bytes(gzip.compress(b"# Y\n\nPacked text.\n"))
        (index_add.folder / "one.md").write_text("# One\n\nFirst.\n")
        (index_add.folder / "two.md").write_text("# Two\n\nSecond.\n")
        assert index_add("deep")["added"] == 2
        assert index_add("*.md")["added"] == 2
        lines = '{"_id": "r1", "text": "Row one."}\n{"_id": "r2", "title": "T", "text": "Row two."}\n'
        assert index_add("-", stdin=lines)["added"] == 2
        listed = rows(run_liquid("index", "list", "--index", index_add.index, "--json"))
        ids = {row["id"] for row in listed["documents"]}
        assert ids == {"deep/er/x.txt", "deep/y.md.gz", "one.md", "two.md", "r1", "r2"}

    def test_bad_files_are_reported_counted_and_skipped(self, index_add, run_liquid):
        folder = index_add.folder
        (folder / "good.md").write_text("# Good\n\nGood text.\n")
        (folder / "empty.md").write_text("")
        (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
        (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
        (folder / "broken.txt.gz").write_bytes(b"\x1f\x8b and no more")
        (folder / "rows.jsonl").write_text('{"text": "fine"}\n{"text": \n')
        report = index_add(".")
        assert report["added"] == 2
        assert report["failed"] >= 4
        named = " ".join(failure["path"] for failure in report["failures"])
        for name in ("empty.md", "binary.txt", "broken.pdf", "broken.txt.gz", "rows.jsonl"):
            assert name in named
        assert all(failure["reason"] for failure in report["failures"])
        index_add("--strict", ".", expect=1)

    def test_latin_1_and_utf_16_are_converted(self, index_add, run_liquid, start_server):
        (index_add.folder / "latin.txt").write_bytes("Die Brücke über die Weser.".encode("latin-1"))
        (index_add.folder / "wide.txt").write_bytes("Der Löwe schläft.".encode("utf-16"))
        index_add("latin.txt", "wide.txt")
        server = start_server(index=index_add.index)
        assert "Brücke" in server.search("Weser").json()["results"][0]["text"]
        assert "Löwe" in server.search("schläft").json()["results"][0]["text"]

    def test_a_path_that_is_not_there_is_a_failure(self, index_add):
        (index_add.folder / "a.md").write_text("# A\n\nAlpha.\n")
        report = index_add("a.md", "nowhere.md")
        assert report["added"] == 1
        assert "nowhere.md" in report["failures"][0]["path"]

    def test_plain_lines_without_a_terminal(self, run_liquid, documents, tmp_path):
        run = run_liquid("index", "add", "--index", tmp_path / "idx", documents)
        assert run.returncode == 0
        assert "\r" not in run.stdout + run.stderr and "\x1b" not in run.stdout + run.stderr

    def test_bad_sizes_are_bad_usage(self, run_liquid, tmp_path, documents):
        for flags in (["--chunk-tokens", "0"], ["--chunk-tokens", "10", "--overlap-tokens", "10"]):
            run = run_liquid("index", "add", "--index", tmp_path / "idx", *flags, documents)
            assert run.returncode in (1, 2)
            assert "tokens" in run.stderr

    def test_nothing_to_add_is_bad_usage(self, run_liquid, tmp_path):
        assert run_liquid("index", "add", "--index", tmp_path / "idx").returncode == 2


class TestKilledWhileIndexing:
    COUNT = 3000

    @pytest.fixture
    def many_rows(self, tmp_path):
        path = tmp_path / "rows.jsonl"
        with open(path, "w", encoding="utf-8") as file:
            for i in range(self.COUNT):
                text = f"Document {i} speaks of topic{i % 97} and item{i}. " * 8
                file.write(json.dumps({"_id": f"d{i}", "text": text}) + "\n")
        return path

    @pytest.mark.parametrize("which", [signal.SIGKILL, signal.SIGINT])
    def test_what_was_finished_is_there_and_sound(self, liquid_bin, run_liquid, tmp_path, many_rows,
                                                  which):
        index = tmp_path / "idx"
        process = subprocess.Popen(
            [liquid_bin, "index", "add", "--index", str(index), str(many_rows)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment({}))

        def begun():
            run = run_liquid("index", "stats", "--index", index, "--json")
            return process.poll() is not None or (
                run.returncode == 0 and json.loads(run.stdout)["documents"] > 0)

        wait_until(begun, "the first documents are committed", 30)
        process.send_signal(which)
        process.wait(20)
        check = run_liquid("index", "check", "--index", index)
        assert check.returncode == 0, check.stdout + check.stderr
        kept = totals(run_liquid, index)["documents"]
        assert 0 < kept <= self.COUNT
        again = run_liquid("index", "add", "--index", index, many_rows)
        assert again.returncode == 0, again.stderr
        assert totals(run_liquid, index)["documents"] == self.COUNT
        assert run_liquid("index", "check", "--index", index).returncode == 0


class TestIndexOthers:
    def test_remove_says_what_went(self, run_liquid, own_index):
        before = totals(run_liquid, own_index)["documents"]
        assert run_liquid("index", "remove", "--index", own_index, "engine.txt").returncode == 0
        assert totals(run_liquid, own_index)["documents"] == before - 1
        missing = run_liquid("index", "remove", "--index", own_index, "never-there.md")
        assert missing.returncode == 1
        assert "never-there.md" in missing.stderr

    def test_check_finds_damage(self, run_liquid, own_index):
        assert run_liquid("index", "check", "--index", own_index).returncode == 0
        file = max((path for path in own_index.rglob("*") if path.is_file()),
                   key=lambda path: path.stat().st_size)
        content = bytearray(file.read_bytes())
        for at in range(len(content) // 2, len(content) // 2 + 4096):
            content[at % len(content)] ^= 0x5A
        file.write_bytes(content)
        check = run_liquid("index", "check", "--index", own_index)
        assert check.returncode == 1
        assert check.stderr.strip()

    @pytest.mark.parametrize("command", ["list", "stats", "check", "remove"])
    def test_a_missing_index_is_an_error_that_names_it(self, run_liquid, tmp_path, command):
        more = ["x"] if command == "remove" else []
        run = run_liquid("index", command, "--index", tmp_path / "nowhere", *more)
        assert run.returncode == 1
        assert "nowhere" in run.stderr
        assert not (tmp_path / "nowhere").exists()

    def test_a_second_writer_is_told_so(self, run_liquid, liquid_bin, own_index, tmp_path):
        writer = subprocess.Popen([liquid_bin, "index", "add", "--index", str(own_index), "-"],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, env=clean_environment({}), text=True)
        try:
            writer.stdin.write('{"_id": "y", "text": "early"}\n')
            writer.stdin.flush()
            (tmp_path / "x.md").write_text("# X\n\nText.\n")

            def first_is_writing():
                return '"y"' in run_liquid("index", "list", "--index", own_index, "--json").stdout

            # Not before: whoever comes first is the writer.
            wait_until(first_is_writing, "the first writer has committed a row", 20)
            run = run_liquid("index", "add", "--index", own_index, tmp_path / "x.md")
            assert run.returncode == 1
            assert "writ" in run.stderr
        finally:
            writer.communicate('{"_id": "z", "text": "late"}\n', timeout=20)
        assert run_liquid("index", "check", "--index", own_index).returncode == 0


class TestAsk:
    def test_straight_on_an_index(self, run_liquid, index):
        run = run_liquid("ask", "--index", index, QUESTION)
        assert run.returncode == 0, run.stderr
        assert "4121" in run.stdout
        assert "mountains.md" in run.stdout

    def test_against_a_running_server(self, run_liquid, server):
        for expected in ("MISS", "HIT"):
            run = run_liquid("ask", "--url", server.url, "--json", QUESTION)
            assert run.returncode == 0, run.stderr
            assert "4121" in json.loads(run.stdout)["answer"]
        assert server.ask(QUESTION).cache == "HIT"

    def test_a_server_that_is_not_there_is_an_error(self, run_liquid):
        run = run_liquid("ask", "--url", "http://127.0.0.1:9", QUESTION)
        assert run.returncode == 1
        assert "127.0.0.1:9" in run.stderr


class TestCache:
    def test_stats_and_clear(self, run_liquid, server):
        server.ask(QUESTION)
        stats = run_liquid("cache", "stats", "--url", server.url, "--json")
        assert rows(stats)["total_items"] == 1
        assert run_liquid("cache", "clear", "--url", server.url).returncode == 0
        assert server.cache_stats()["total_items"] == 0

    def test_clear_only_a_route(self, run_liquid, server):
        server.ask(QUESTION)
        server.search("Aria")
        assert run_liquid("cache", "clear", "--url", server.url, "--route",
                          "/ask").returncode == 0
        assert server.search("Aria").cache == "HIT"
        assert server.ask(QUESTION).cache == "MISS"

    def test_a_refusal_is_a_failure(self, run_liquid, start_server):
        server = start_server(environment={"LIQUID_ADMIN_KEY": "k"})
        run = run_liquid("cache", "clear", "--url", server.url)
        assert run.returncode == 1
        assert "401" in run.stderr or "admin" in run.stderr.lower()
        run = run_liquid("cache", "clear", "--url", server.url, environment={"LIQUID_ADMIN_KEY": "k"})
        assert run.returncode == 0, run.stderr


class TestUsage:
    @pytest.mark.parametrize("arguments", [[], ["index"], ["cache"]])
    def test_a_command_is_needed(self, run_liquid, arguments):
        run = run_liquid(*arguments)
        assert run.returncode == 2
        assert "Usage" in run.stdout + run.stderr or "--help" in run.stdout + run.stderr

    @pytest.mark.parametrize("arguments", [
        ["--help"], ["serve", "--help"], ["index", "--help"], ["index", "add", "--help"],
        ["ask", "--help"], ["cache", "--help"], ["--version"]])
    def test_help_and_version_succeed(self, run_liquid, arguments):
        run = run_liquid(*arguments)
        assert run.returncode == 0
        assert run.stdout.strip()

    def test_an_unknown_command_is_named(self, run_liquid):
        run = run_liquid("sevre")
        assert run.returncode == 2
        assert "sevre" in run.stderr
