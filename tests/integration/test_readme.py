"""The README says what is so: every setting with its default, every command of the Makefile."""

import re

import pytest


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text(encoding="utf-8")


def table_of_settings(readme):
    """{name: default} of the configuration table; one row may hold several."""
    found = {}
    for names, defaults in re.findall(r"^\| (`[^|]+`) \| ([^|]*)\|", readme, re.M):
        names = re.findall(r"`([a-z-]+(?:ROUTE)?)`", names)
        defaults = re.findall(r"`([^`]*)`", defaults) or [""] * len(names)
        if len(defaults) == len(names):
            found.update(zip(names, defaults))
        else:
            found.update({name: None for name in names})
    return found


def test_every_setting_is_in_the_table_with_its_default(readme, run_liquid):
    table = table_of_settings(readme)
    printed = run_liquid("serve", "--print-config").stdout
    settings = dict(re.findall(r"^([a-z-]+) = (.*)$", printed, re.M))
    assert len(settings) > 30
    for name, default in settings.items():
        assert table.get(name) == default.strip('"'), f"{name} = {default}"
    for name in re.findall(r"^# ([a-z-]+) is", printed, re.M):
        general = re.sub(r"-(ask-simple|ask|search)$", "-ROUTE", name)
        assert general in table, name


def test_every_command_of_the_makefile_that_is_named_exists(readme, root):
    makefile = (root / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    texts = readme + (root / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"(?:^ {4}|`)make ([a-z-]+)", texts, re.M))
    assert named and named <= targets


def test_every_route_is_named(readme, root):
    golden = (root / "tests/integration/golden/routes.txt").read_text().split()
    for path in golden[1::2]:
        if path not in ("/", "/redoc", "/docs/script.js", "/docs/style.css"):
            assert path in readme, path
