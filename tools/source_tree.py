"""What the checks share: the C++ files of the checkout and what they include."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

# The rooms, top of the house first: a room may include only itself and rooms further down.
# "a/b" is a room within a room, with a folder and a CMake target of its own.
ROOMS = ["cli", "api", "cache", "rag", "generate", "ingest", "search", "corpus",
         "train", "train/data", "lfm2/model", "lfm2", "tokenizer", "kernels",
         "tracking/recorder", "tracking/transfer", "tracking/models", "tracking/artifacts",
         "tracking/client", "tracking/rest", "tracking/sqlite", "tracking", "formats", "http", "metrics",
         "sql", "base"]

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def cpp_files(folders=("src", "bench", "fuzz"), endings=(".h", ".cpp")):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*")
                  if path.suffix in endings and path.is_file())


def includes(path):
    """(our own includes as paths below src/ that exist, all others as written)"""
    own, others = [], []
    for _, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        target = SRC / name
        if name.split("/")[0] in ROOMS and "/" in name:
            own.append(target)
        elif (path.parent / name).is_file():
            own.append((path.parent / name).resolve())
        else:
            others.append(name)
    return own, others


def reachable(path, seen=None):
    """Every own file that `path` includes, directly or not, itself with it."""
    seen = set() if seen is None else seen
    if path in seen or not path.is_file():
        return seen
    seen.add(path)
    for target in includes(path)[0]:
        reachable(target, seen)
    return seen


def room_of(path):
    parts = path.relative_to(SRC).parts
    inner = "/".join(parts[:2])
    return inner if inner in ROOMS else parts[0]


def shown(path):
    return str(path.relative_to(ROOT))
