"""The explorer's page from Python."""

import json
import re

import pytest

import raspc

PROGRAM = """
smaller = select(tokens, tokens, <);
target_pos = selector_width(smaller);
sorted = aggregate(select(target_pos, indices, ==), tokens);
"""


@pytest.fixture(scope="module")
def model():
    return raspc.compile(raspc.parse(PROGRAM), vocab=range(5), max_len=5)


def data(page):
    """What the page knows."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_a_page_shows_the_model_on_the_inputs(model, tmp_path):
    page = model.explore([3, 1, 4], [2])
    known = data(page)
    assert [i["tokens"] for i in known["inputs"]] == [[3, 1, 4], [2]]
    assert known["inputs"][0]["expected"][-1] == [1, 3, 4]
    assert "target_pos = selector_width(smaller)" in known["source"]["text"]
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page
    assert repr(page).startswith("<Page of ")


def test_in_a_notebook_it_is_a_frame_of_its_own(model):
    shown = model.explore()._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and 'sandbox="allow-scripts"' in shown
    assert "<script" not in shown


def test_a_model_from_a_folder_has_no_text(model, tmp_path):
    model.save(tmp_path / "model")
    known = data(raspc.Model.load(tmp_path / "model").explore([1, 0]))
    assert known["source"] is None and known["inputs"][0]["expected"][-1] == [0, 1]


def test_inputs_are_checked(model):
    with pytest.raises(raspc.InputError, match="9"):
        model.explore([9])
    with pytest.raises(raspc.InputError):
        model.explore([1] * 6)
