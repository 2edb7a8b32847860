"""What is written for readers runs: the README's Python, the examples in docstrings, and every public thing has a docstring."""

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest
import raspc

ROOT = Path(__file__).parents[3]
MODULES = ["raspc", "raspc.sops", "raspc.program", "raspc.models", "raspc.circuits", "raspc.runs", "raspc.errors", "raspc.pictures"]


def test_the_readme_runs():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("\n## In Python\n")[1].split("\n## ")[0]
    names = {}
    for block in re.findall(r"```python\n(.*?)```", section, re.S):
        if "to_torch" in block:
            pytest.importorskip("torch")
        for line in re.sub(r"\n(?=[ )])", " ", block).splitlines():
            code, _, comment = line.partition("#")
            if comment and re.fullmatch(r" \[.*\]", comment):
                assert eval(code, names) == eval(comment, names), line
            else:
                exec(line, names)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    names = {n: getattr(raspc, n) for n in raspc.__all__} | {"raspc": raspc}
    smaller = raspc.select(raspc.tokens, raspc.tokens, "<")
    place = raspc.selector_width(smaller).named("target_pos")
    names["ordered"] = raspc.aggregate(raspc.select(place, raspc.indices, "=="), raspc.tokens).named("ordered")
    module = importlib.import_module(name)
    found = doctest.DocTestFinder(exclude_empty=True).find(module, globs=names)
    for test in found:
        outcome = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test)
        assert outcome.failed == 0, test.name


@pytest.mark.parametrize("name", [n for n in raspc.__all__ if not n.startswith("__")])
def test_everything_public_is_documented(name):
    thing = getattr(raspc, name)
    if not (inspect.isclass(thing) or inspect.isfunction(thing)):
        return
    assert inspect.getdoc(thing), name
    for member, value in vars(thing).items() if inspect.isclass(thing) else []:
        if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
            assert inspect.getdoc(value), f"{name}.{member}"
