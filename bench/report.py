"""Prints the results in build/bench as Markdown; with --publish also into bench/README.md."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness

BEGIN = "<!-- figures: written by bench/run.sh --publish -->"
END = "<!-- end of figures -->"
ORDER = ["http_hit", "hit_during_miss", "search", "search_large", "miss_overhead", "cache_policy",
         "retrieval", "tracking", "tokenizer", "train", "train_full"]


def markdown_table(table):
    lines = [f"**{table['title']}**", ""] if table["title"] else []
    lines.append("| " + " | ".join(table["columns"]) + " |")
    lines.append("|" + "|".join("---" if i == 0 else "---:" for i in range(len(table["columns"]))) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in table["rows"]]
    return "\n".join(lines) + "\n"


def section(result):
    machine = result["machine"]
    parts = [f"### {result['name']}\n"]
    settings = "; ".join(f"{key} {value}" for key, value in result["settings"].items())
    parts.append(f"{result['date']}, commit {result['commit']}, {machine['cpu']}, "
                 f"{machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
                 f"load before the end {machine['load_before']}. {settings}.\n")
    parts += [markdown_table(table) for table in result["tables"]]
    if result["goals"]:
        rows = [[g["goal"], g["measured"], "yes" if g["met"] else "**no**"] for g in result["goals"]]
        parts.append(markdown_table({"title": "", "columns": ["goal", "measured", "met"], "rows": rows}))
    parts += [f"{note}\n" for note in result["notes"]]
    return "\n".join(parts)


def load(names):
    results = []
    for name in names:
        path = harness.RESULTS / f"{name}.json"
        if path.is_file():
            results.append(json.loads(path.read_text()))
    return results


def publish(text):
    readme = harness.ROOT / "bench" / "README.md"
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        harness.fail(f"{readme} has lost its figure marks")
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


def main():
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--")] or ORDER
    text = "\n".join(section(result) for result in load(wanted))
    print(text)
    if "--publish" in sys.argv[1:]:
        publish("\n".join(section(result) for result in load(ORDER)))


if __name__ == "__main__":
    main()
