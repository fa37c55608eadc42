#!/usr/bin/env python3
"""Derives examples/finetune/*.jsonl, questions and answers to train on, from examples/docs.

Every answer is a sentence or paragraph of the documents with its markup taken away; questions come from
headings and from the names of directives. The same documents give the same bytes: what is taken, and
what is held out, follows from hashes of the rows' places. All questions about one place stay on one
side. With --check nothing is written: exit status 1 when the files differ.
"""

import argparse
import hashlib
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "examples/docs"
TARGET = ROOT / "examples/finetune"
ROWS = {"docs.train.jsonl": 320, "docs.held-out.jsonl": 40}
SHORTEST, LONGEST = 30, 420  # letters of an answer


class Directives(HTMLParser):
    """The sections of class "directive" of a page: name, defaults, contexts, first paragraphs."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.open = None
        self.kind = None
        self.text = ""
        self.depth = 0

    def handle_starttag(self, tag, attributes):
        kind = dict(attributes).get("class", "")
        if tag == "section" and kind == "directive":
            self.open = {"name": dict(attributes)["id"], "default": [], "context": [], "plain": []}
            self.found.append(self.open)
        elif (tag == "p" or kind == "para") and self.open is not None and self.depth == 0:
            self.kind, self.text = kind if tag == "p" and kind else "plain", ""
        elif tag in ("pre", "dl", "ul", "table", "blockquote"):
            self.end_paragraph()
        if tag in ("dl", "ul", "table", "blockquote"):
            self.depth += 1

    def handle_endtag(self, tag):
        if tag in ("dl", "ul", "table", "blockquote"):
            self.depth -= 1
        if tag == "section":
            self.open = None
        if tag in ("p", "div"):
            self.end_paragraph()

    def end_paragraph(self):
        if self.kind and self.open is not None:
            self.open.setdefault(self.kind, []).append(" ".join(self.text.split()))
        self.kind = None

    def handle_data(self, data):
        if self.kind:
            self.text += data


def whole_sentences(text):
    """Without a last sentence that announces what follows it: "For example:"."""
    return text if text.endswith(".") else text[:text.rfind(". ") + 1]


def rank(*parts):
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def nginx_rows(path):
    page = Directives()
    page.feed(path.read_text(encoding="utf-8"))
    module = path.stem
    for directive in page.found:
        name, place = directive["name"], f"{path.relative_to(DOCS)}#{directive['name']}"
        if not re.fullmatch(r"[a-z][a-z0-9_]+", name):
            continue
        if directive["plain"]:
            yield place, f"What does the nginx directive {name} do?", whole_sentences(directive["plain"][0])
        if len(directive["default"]) == 1:
            default = directive["default"][0].removeprefix("Default: ").removeprefix(name).strip(" ;")
            if default and default not in ("—", "none"):
                yield place, f"What is the default of {name} in nginx?", \
                    f"The default is {default} (module {module})."
        contexts = [text.removeprefix("Context: ") for text in directive["context"]]
        if len(contexts) > 1 and rank(place)[0] in "0123":  # dull: a quarter of them will do
            yield place, f"In which contexts may {name} stand in an nginx configuration?", \
                f"{name} may stand in {', '.join(contexts[:-1])} and {contexts[-1]}."


def without_markup(text):
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"(\*\*|__)(.+?)\1", r"\2", text)
    text = re.sub(r"(?<![\w*])[*_]([^*_]+)[*_](?!\w)", r"\1", text)
    return " ".join(text.replace("`", "").split())


def question_about(heading, title, page):
    if heading.endswith("?"):
        return heading
    if page == "glossary":
        return f"What does {heading} mean in Prometheus?"
    return f"What does the documentation of Prometheus say about {heading} ({title})?"


def prometheus_rows(path):
    text = path.read_text(encoding="utf-8")
    title = re.search(r"^title: (.+)$", text, re.MULTILINE)
    if title is None:
        return
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    parts = re.split(r"^#{2,4} +(.+)$", text, flags=re.MULTILINE)
    for heading, body in zip(parts[1::2], parts[2::2]):
        paragraph = body.strip().split("\n\n")[0]
        if not paragraph or paragraph[0] in "-*|<>#0123456789!" or paragraph.startswith("    "):
            continue
        heading = without_markup(heading)
        yield (f"{path.relative_to(DOCS)}#{heading}",
               question_about(heading, title[1].strip("'\""), path.stem), without_markup(paragraph))


def fits(answer):
    return SHORTEST <= len(answer) <= LONGEST and answer.endswith(".") and "{{" not in answer


def candidates():
    """(place, question, answer) of all documents; a question stands once."""
    seen = set()
    pages = [(path, nginx_rows) for path in sorted(DOCS.glob("nginx/**/ngx_*.html"))]
    pages += [(path, prometheus_rows) for path in sorted(DOCS.glob("prometheus/**/*.md"))]
    for path, rows in pages:
        for place, question, answer in rows(path):
            if fits(answer) and question not in seen:
                seen.add(question)
                yield place, question, answer


def row(place, question, answer):
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns, "source": place}, ensure_ascii=False) + "\n"


def files():
    sides = {name: [] for name in ROWS}
    train, held_out = sides
    for one in candidates():
        is_held_out = int(rank(one[0])[:8], 16) % 8 == 0
        sides[held_out if is_held_out else train].append(one)
    for name, rows in sides.items():
        if len(rows) < ROWS[name]:
            sys.exit(f"{name}: {len(rows)} rows, expected at least {ROWS[name]}")
        chosen = sorted(rows, key=lambda one: rank(*one))[:ROWS[name]]
        yield TARGET / name, "".join(row(*one) for one in chosen)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    differ = []
    for path, content in files():
        if check and (not path.is_file() or path.read_text(encoding="utf-8") != content):
            differ.append(str(path.relative_to(ROOT)))
        elif not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
    if differ:
        sys.exit(f"differ from what tools/make_finetune_rows.py derives: {', '.join(differ)}")


if __name__ == "__main__":
    main()
