#!/usr/bin/env python3
"""Checks what the compiler does not: the direction of includes between rooms, which room may see which
library, names, and sizes. Prints one line per finding; exit status 1 when there is one.

Rules (reasons: CONTRIBUTING.md)
  1. a room includes only itself and rooms below it (the table ROOMS in source_tree.py)
  2. a library is seen only by the rooms of LIBRARIES
  3. a header that pulls in one of the HEAVY libraries is included from its own room only
  4. a file has at most 600 lines (files named *_generated.* excepted)
  5. no type is named …Manager, …Helper and the like
  6. no declaration in a header takes a named bool (tests excepted)
  7. every room has a README.md of at most 30 lines, every folder under src/ is a room
  8. an installed header (packaging/tracking/public_headers.txt) includes installed headers and those of
     the standard library only
"""

import re
import sys

import source_tree as tree

MAX_LINES = 600
MAX_README_LINES = 30

# Header prefix -> rooms that may include it.
LIBRARIES = {
    "boost/asio": {"http"},
    "boost/beast": {"http"},
    "boost/json": {"cli", "api", "cache", "generate", "ingest", "search", "corpus", "metrics",
                   "tracking/recorder", "tracking/transfer", "tracking/models",
                   "tracking/artifacts", "tracking/rest", "tracking/sqlite",
                   "tracking/client", "tracking", "formats",
                   "train", "train/data", "lfm2/model", "lfm2", "tokenizer"},
    "boost/": {"http"},
    "CLI/": {"cli"},
    "sqlite3.h": {"sql"},
    "curl/": {"http"},
    "openssl/crypto.h": {"http", "base", "api"},  # api: comparing keys in constant time
    "openssl/": {"http", "base"},
    "yaml-cpp/": {"formats"},
    "spdlog/": {"base"},
    "utf8proc": {"base"},
    "xxhash": {"base"},
    "libstemmer": {"search", "generate"},
    "gumbo": {"corpus"},
    "cmark": {"corpus"},
    "zlib": {"corpus", "train/data"},
    "ATen/": {"lfm2/model", "train"},
    "c10/": {"lfm2/model", "train"},
    "torch/": {"lfm2/model", "train"},
    "pugixml": {"tracking/artifacts"},
}
HEAVY = ("boost/", "CLI/", "sqlite3.h", "curl/", "openssl/", "spdlog/", "gumbo", "cmark",
         "yaml-cpp/", "pugixml")

BANNED_NAME = re.compile(
    r"^\s*(?:class|struct|enum(?:\s+class)?)\s+(?:\[\[\w+\]\]\s+)?"
    r"(\w*(?:Manager|Helper|Utils?|Data|Info|Processor|Base|Impl2))\b(?!\s*;)", re.MULTILINE)
# A lone `bool value` is what a writer writes, not a switch.
BOOL_PARAMETER = re.compile(
    r"[(,]\s*(?:const\s+)?bool\s+(?!value\))\w+\s*(?:=\s*\w+\s*)?(?=[,)])")
DOMAIN_WORDS = {"RunInfo", "FileInfo"}  # MLflow's own names of these things
STANDARD_HEADER = re.compile(r"[a-z_]+")  # no folder, no ".h"
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def direction(path):
    room = tree.room_of(path)
    below = tree.ROOMS[tree.ROOMS.index(room):]
    own, others = tree.includes(path)
    for target in own:
        if target.is_relative_to(tree.SRC) and tree.room_of(target) not in below:
            yield f"includes {tree.shown(target)}: {room} may not know {tree.room_of(target)}"
    for name in others:
        prefix = next((p for p in LIBRARIES if name.startswith(p)), None)
        if prefix and room not in LIBRARIES[prefix]:
            yield f"includes <{name}>: only {', '.join(sorted(LIBRARIES[prefix]))} may"


def heavy_header(path):
    """The first heavy library that including `path` pulls in."""
    for file in sorted(tree.reachable(path)):
        for name in tree.includes(file)[1]:
            if name.startswith(HEAVY):
                return name
    return None


def heavy(path):
    room = tree.room_of(path)
    for target in tree.includes(path)[0]:
        if target.suffix == ".h" and target.is_relative_to(tree.SRC) and tree.room_of(target) != room:
            library = heavy_header(target)
            if library:
                yield f"includes {tree.shown(target)}, which pulls in <{library}>"


def shape(path):
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > MAX_LINES and "_generated." not in path.name:
        yield f"has {lines} lines, {MAX_LINES} are the limit"
    code = COMMENT.sub("", text)
    for name in set(BANNED_NAME.findall(code)) - DOMAIN_WORDS:
        yield f"names a type {name}: say what it is"
    if path.suffix == ".h" and path.is_relative_to(tree.SRC) and "_test" not in path.name:
        for match in BOOL_PARAMETER.finditer(code):
            yield f"declares a bool parameter: {match.group().strip('(, ')} (use an enum class)"


def readmes():
    for folder in sorted(path for path in tree.SRC.glob("**/") if path != tree.SRC):
        name = str(folder.relative_to(tree.SRC))
        if name not in tree.ROOMS:
            yield f"src/{name}: is no room (the table is in tools/source_tree.py)"
            continue
        readme = folder / "README.md"
        if not readme.is_file():
            yield f"src/{name}: has no README.md"
        elif readme.read_text(encoding="utf-8").count("\n") > MAX_README_LINES:
            yield f"src/{name}/README.md: is longer than {MAX_README_LINES} lines"


def public_headers():
    public = (tree.ROOT / "packaging/tracking/public_headers.txt").read_text(encoding="utf-8").split()
    for name in public:
        path = tree.SRC / name
        if not path.is_file():
            yield f"packaging/tracking/public_headers.txt: {name} is not there"
            continue
        own, others = tree.includes(path)
        for target in own:
            if str(target.relative_to(tree.SRC)) not in public:
                yield f"{tree.shown(path)}: is installed and includes {tree.shown(target)}, which is not"
        for other in others:
            if not STANDARD_HEADER.fullmatch(other):
                yield f"{tree.shown(path)}: is installed and includes <{other}>, which is not standard C++"


def findings():
    for path in tree.cpp_files():
        checks = [shape(path)]
        if path.is_relative_to(tree.SRC) and tree.room_of(path) in tree.ROOMS:
            checks += [direction(path), heavy(path)]
        for check in checks:
            yield from (f"{tree.shown(path)}: {finding}" for finding in check)
    yield from readmes()
    yield from public_headers()


def main():
    found = list(findings())
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
