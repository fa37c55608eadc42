#!/usr/bin/env python3
"""Writes src/tracking/sqlite/schema_generated.cpp from a fresh database of MLflow 3.17.2.

    MLFLOW_TRACKING_URI=sqlite:///fresh.db mlflow experiments search
    tools/make_tracking_schema.py fresh.db

The statements are those of sqlite_master, byte for byte and in its order, so that a database made from
them has the same dump as one that MLflow made. What SQLite makes by itself (automatic indexes) is left
out. With --check nothing is written: exit status 1 when the file differs.
"""

import argparse
import sqlite3
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src/tracking/sqlite/schema_generated.cpp"
HEAD = "dc11669786a5"


def statements(database):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    head = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if head != [(HEAD,)]:
        sys.exit(f"{database}: revision {head}, expected {HEAD}")
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    return [sql for (sql,) in rows]


def generated(database):
    lines = ["// Made by tools/make_tracking_schema.py from a database that MLflow 3.17.2 created; not for",
             "// editing.", "", '#include "tracking/sqlite/schema.h"', "",
             "namespace liquid::tracking::sqlite {", "namespace {", "",
             "constexpr std::string_view kStatements[] = {"]
    for sql in statements(database):
        if ')sql"' in sql:
            sys.exit("a statement holds the end mark of the raw strings")
        lines.append(f'    R"sql({sql})sql",')
    lines += ["};", "", "}  // namespace", "",
              "std::span<const std::string_view> schema_statements() { return kStatements; }", "",
              "}  // namespace liquid::tracking::sqlite", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("database")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    text = generated(arguments.database)
    if not arguments.check:
        TARGET.write_text(text, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != text:
        sys.exit(f"{TARGET}: differs from {arguments.database}")


if __name__ == "__main__":
    main()
