"""Links to the playground: the encoding that JavaScript has too, and programs that mean the same."""

import base64
import json
from pathlib import Path
from urllib.parse import unquote

import pytest
import raspc
from raspc import links

CASES = json.loads((Path(__file__).parents[2] / "site" / "links.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["fragment"][:40])
def test_the_encoding_is_the_playground_s(case):
    settings = dict(case["settings"])
    assert links.encode(settings.pop("program"), **settings) == case["fragment"]


def fields(link):
    found = dict(part.split("=", 1) for part in link.split("#", 1)[1].split("&"))
    found = {key: unquote(value) for key, value in found.items()}
    found["p"] = base64.urlsafe_b64decode(found["p"] + "=" * (-len(found["p"]) % 4)).decode("utf-8")
    return found


def test_a_link_carries_the_program_and_its_settings():
    same = raspc.select(raspc.tokens, raspc.tokens, "==").named("same")
    hist = raspc.selector_width(same).named("hist")
    model = raspc.compile(hist, vocab=["a", "b", 1], max_len=4, causal=True, opt=0)
    link = model.playground_link("https://example.org/raspc/", ["a", "b"])
    assert link.startswith("https://example.org/raspc/#v=1&p=")
    found = fields(link)
    assert found["p"] == "same = select(tokens, tokens, ==);\nhist = selector_width(same);\n"
    assert (found["i"], found["vocab"], found["len"], found["causal"], found["opt"]) == ('["a","b"]', '["a","b",1]', "4", "1", "0")


def test_the_program_of_a_link_means_the_same():
    x = raspc.where(raspc.indices % 2 == 0, raspc.tokens, "even")
    model = raspc.compile(x, vocab="ab", max_len=3)
    read = raspc.parse(fields(model.playground_link(""))["p"])
    again = raspc.compile(read, vocab="ab", max_len=3)
    for tokens in ["aba", "bb", "a"]:
        assert again(tokens) == model(tokens)


def test_what_has_no_text_says_so():
    by_python = raspc.compile(raspc.tokens.map(str.upper), vocab="ab", max_len=3)
    with pytest.raises(raspc.UsageError, match="cannot be written as RASP"):
        by_python.playground_link("")
    pairs = raspc.compile(raspc.indices, vocab=[(1, 2), "a"], max_len=3)
    with pytest.raises(raspc.UsageError, match="cannot be written in a link"):
        pairs.playground_link("")
