"""Interventions: what the transformer does under a patch is what the interpreter says of it."""

import random
import warnings

import numpy as np
import pytest
import raspc
from raspc import aggregate, indices, length, select, selector_width, tokens


def inputs(model, n, seed):
    rng = random.Random(seed)
    return [[rng.choice(model.vocab) for _ in range(n)] for _ in range(4)]


@pytest.mark.parametrize("opt", [0, 1])
@pytest.mark.parametrize("name", list(raspc.standard_programs()))
def test_interchange_agrees_at_every_named_node(name, opt):
    model = raspc.compile(raspc.standard(name), opt=opt)
    nodes = [node for node in model.nodes if node in raspc.standard(name) or node.isidentifier()]
    assert model.output in nodes
    agreed = dict.fromkeys(nodes, 0)
    for n in (1, 4, model.config.max_len):
        columns = inputs(model, n, n)
        for node in nodes:
            for a, b in zip(columns, columns[1:]):
                found = model.check_interchange(a, b, node)
                assert found and found.status != "differs", found
                agreed[node] += found.status == "agrees"
                if found.status == "agrees" and None not in (found.expected or [None]):
                    assert found.got == pytest.approx(found.expected) if _numbers(found.got) else found.got == found.expected
    assert all(agreed.values()), agreed


def _numbers(values):
    return all(isinstance(v, (int, float)) for v in values)


def test_positions_and_values_may_be_numpys():
    model = raspc.compile(raspc.standard("sort_unique"))
    want = model.run([3, 1, 2], patch={"target_pos": [0, 1, 2]}).output
    assert model.run([3, 1, 2], patch={"target_pos": np.array([0, 1, 2])}).output == want
    spelled = {np.int64(i): np.int8(i) for i in range(3)}
    assert model.run([3, 1, 2], patch={"target_pos": spelled}).output == want
    for run in (model.run, model.interpret):
        for wrong in (["target_pos"], "target_pos", 3):
            with pytest.raises(raspc.UsageError, match="a patch maps names of nodes to values"):
                run([3, 1, 2], patch=wrong)
        for wrong in ({"target_pos": 1}, {"target_pos": {"a": 1}}, {"target_pos": {0.5: 1}}, {"target_pos": {3: 1}}):
            with pytest.raises(raspc.InterventionError):
                run([3, 1, 2], patch=wrong)


def test_a_patch_is_the_interpreters():
    model = raspc.compile(raspc.standard("sort_unique"))
    for patch in [{"target_pos": [2, 1, 0]}, {"target_pos": {0: 2, 2: 0}}, {}]:
        run, meant = model.run([0, 3, 4], patch=patch), model.interpret([0, 3, 4], patch=patch)
        assert run.nodes == meant
    assert model.run([0, 3, 4], patch={"target_pos": [2, 1, 0]}).output == [4, 3, 0]
    assert model([0, 3, 4]) == [0, 3, 4], "a patch leaves nothing behind"


def test_several_nodes_and_undefined_values():
    before = aggregate(select(indices, indices - 1), tokens).named("before")
    seen = raspc.map(lambda a, b: a + b, tokens, before).named("seen")
    model = raspc.compile(seen, "ab", 4, opt=0)
    patch = {"before": ["b", None, "b", None]}
    assert model.run("abab", patch=patch).nodes == model.interpret("abab", patch=patch)
    assert model.run("abab", patch=patch).output == ["ab", None, "ab", None]


def test_a_node_that_is_only_a_view_is_patched_at_o0_and_says_so():
    source = (indices - 1).named("source")
    model = raspc.compile(aggregate(select(indices, source), tokens).named("shifted"), "abc", 4)
    with pytest.warns(raspc.InterventionWarning, match="no subspace of its own"):
        run = model.run("abca", patch={"source": [2, 1, 0, -1]})
    assert run.output == ["c", "b", "a", None] and run.model is model.at_o0() is not model
    with pytest.raises(raspc.InterventionError):
        model.run("abca", patch={"source": [2, 1, 0, -1]}, ablate=[(0, 0)])
    assert model.check_interchange("abca", "cbaa", "source").opt == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.at_o0().run("abca", patch={"source": [2, 1, 0, -1]}).output == ["c", "b", "a", None]


@pytest.mark.parametrize("head", [(0.7, 0), (0, -1), (10**20, 0), (0,), 3, "ab", (9, 0)])
def test_what_is_no_head(head):
    model = raspc.compile(raspc.standard("hist"))
    with pytest.raises(raspc.InterventionError, match="no head"):
        model.run("ab", ablate=[head])
    assert model.run("ab", ablate=None).output == model("ab")


def test_ablated_heads_write_nothing():
    model = raspc.compile(raspc.standard("hist"))
    whole, without = model.run("abac"), model.run("abac", ablate=[(0, 0)])
    assert np.array_equal(without.residuals[0], whole.residuals[0])
    assert np.array_equal(without.residuals[1], whole.residuals[0]), "attention adds nothing"
    assert np.array_equal(without.patterns[0], whole.patterns[0]), "patterns are still there"
    assert without.output != whole.output


def test_what_no_input_reaches_is_told_apart():
    model = raspc.compile(raspc.standard("sort_unique"))
    found = model.check_interchange([0, 1, 2, 3], [0, 0, 1, 1], "target_pos")
    assert found.status == "unreachable" and "sorted" in found.detail and found


def test_a_wrong_model_is_found_out(monkeypatch):
    """The check can fail: of two programs, one's transformer under the other's interpreter."""
    n = selector_width(select(tokens, tokens)).named("n")
    right, wrong = (raspc.compile((n + k).named("sum"), "ab", 3, opt=0) for k in (1, 2))
    assert right.check_interchange("aab", "bbb", "n").got == [4, 4, 4]
    monkeypatch.setattr(right, "_native", wrong._native)
    assert right.check_interchange("aab", "bbb", "n").got == [5, 5, 5] != right.interpret("bbb")["sum"]


def test_causal_and_numerical_nodes():
    share = aggregate(select(indices, indices, "<="), (tokens == "x").indicator(), default=0).named("share")
    double = (share * 2).named("double")
    model = raspc.compile(double, "ax", 5, opt=0, causal=True)
    run = model.run("axxa", patch={"share": [0.25, 0.5, 0.75, 1.0]})
    assert run.output == pytest.approx([0.5, 1.0, 1.5, 2.0])
    assert model.check_interchange("axxa", "xxxx", "share").status == "agrees"
