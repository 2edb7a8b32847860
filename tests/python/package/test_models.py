"""Models: what a run keeps, weights, files, and how things show."""

import copy
import html.parser
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import raspc
from raspc import aggregate, indices, select, selector_width, tokens


@pytest.fixture(scope="module")
def model():
    return raspc.compile(raspc.standard("sort_unique"))


def test_arrays_have_the_shapes_they_say(model):
    run, c = model.run([3, 1, 2]), model.config
    assert len(run.residuals) == 2 * c.n_layers + 1
    assert all(r.shape == (4, c.d_model) and r.dtype == np.float32 for r in run.residuals)
    assert [p.shape for p in run.patterns] == [(c.n_heads, 4, 4)] * c.n_layers
    assert [m.shape for m in run.mlp] == [(4, c.d_mlp)] * c.n_layers
    assert run.logits.shape == (4, len(model.output_tokens)) and len(model.residual_labels) == c.d_model
    assert all(np.allclose(p.sum(-1), 1) for p in run.patterns)
    assert run.residuals[0] is run.residuals[0], "made once"


def test_one_thing_is_no_things(model):
    one, two = (raspc.compile(raspc.standard("hist"), vocab="ab"[:n], max_len=n) for n in (1, 2))
    assert repr(one).startswith("<Model histogram: 1 layer of 0 heads, ") and "1 token, max_len 1>" in repr(one)
    assert repr(two).startswith("<Model histogram: 1 layer of 1 head, ") and "2 tokens, max_len 2>" in repr(two)
    assert repr(model).startswith("<Model sorted: 2 layers of 1 head, ") and "5 tokens, max_len 5>" in repr(model)
    assert str(one.verify()) == "✓ interpreter, circuit and transformer agree at 1 node, at every position, on the one input"
    assert "agree at 2 nodes, at every position, on 3 sampled inputs" in str(model.verify(inputs=3))
    assert repr(one.circuit).startswith("<Circuit of ") and " 1 edges" not in repr(one.circuit)


def test_numbers_within_a_wide_bound_alone_are_told_of():
    mean = aggregate(select(indices, indices, "<="), tokens)
    found = raspc.compile((mean - 1_000_000).named("y"), vocab=[1, 1_000_000, 1_000_001], max_len=3).verify()
    assert found and found.first is None and 0 < found.roughly < found.checked == 39
    first = found.first_roughly
    assert first["node"] == "y" and abs(first["got"] - first["expected"]) > 1e-3 * abs(first["expected"])
    assert str(found).startswith("≈ interpreter") and "within the bound that the certificate states" in str(found)


def softmax(scores):
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


@pytest.mark.parametrize("causal", [False, True])
def test_the_weights_are_the_whole_model(causal):
    """The forward pass written down in numpy, from the dense weights alone."""
    model = raspc.compile(raspc.standard("reverse" if causal else "sort"), vocab=range(5), max_len=5, causal=causal)
    w, ids = model.weights, [model.vocab.index(t) for t in [3, 1, 1, 0]]
    run = model.run([3, 1, 1, 0])
    x = w["embed.W_E"][[len(model.vocab), *ids]] + w["pos_embed.W_pos"][:5]
    for layer in range(model.config.n_layers):
        a = {k: w[f"blocks.{layer}.attn.{k}"] for k in ["W_Q", "W_K", "W_V", "W_O", "b_K"]}
        scores = (x @ a["W_Q"]) @ (x @ a["W_K"] + a["b_K"][:, None]).transpose(0, 2, 1)
        if causal:
            scores = np.where(np.tril(np.ones((5, 5), bool)), scores, -np.inf)
        assert np.array_equal(scores, run.scores[layer])
        assert np.allclose(softmax(scores), run.patterns[layer], atol=1e-6)
        x = x + (softmax(scores) @ (x @ a["W_V"]) @ a["W_O"]).sum(0)
        assert np.allclose(x, run.residuals[2 * layer + 1], atol=1e-5)
        m = {k: w[f"blocks.{layer}.mlp.{k}"] for k in ["W_in", "b_in", "W_out"]}
        x = x + np.maximum(x @ m["W_in"] + m["b_in"], 0) @ m["W_out"]
        assert np.allclose(x, run.residuals[2 * layer + 2], atol=1e-3)
    logits = x @ w["unembed.W_U"]
    assert [model.output_tokens[i] for i in logits[1:].argmax(-1)] == run.output


def test_batches_are_their_inputs(model):
    inputs = [[3, 1, 2], [0], [4, 3, 2, 1, 0], []]
    batch = model.run(inputs)
    assert batch.output == [model(t) for t in inputs] == model(inputs)
    assert batch.residuals.shape == (4, 2 * model.config.n_layers + 1, 6, model.config.d_model)
    assert batch.patterns.shape[:3] == (4, model.config.n_layers, model.config.n_heads)
    assert batch.lengths.tolist() == [3, 1, 5, 0] and batch.logits.shape[:2] == (4, 6)
    for run, single in zip(batch, map(model.run, inputs)):
        n = len(single.tokens) + 1
        assert all(np.array_equal(a[:n], b) for a, b in zip(run.residuals, single.residuals)), "bit by bit"


def test_every_named_node_is_read(model):
    run = model.run([3, 1, 2])
    assert run.nodes == model.interpret([3, 1, 2]) and run.decode("target_pos") == [2, 0, 1]
    at_o0 = raspc.compile(raspc.standard("sort_unique"), opt=0)
    assert len(at_o0.nodes) >= len(model.nodes) and at_o0([3, 1, 2]) == [1, 2, 3]


def test_undefined_is_none():
    shifted = aggregate(select(indices, indices - 1), tokens).named("shifted")
    shifted = aggregate(select(indices, indices - 1, lambda k, q: k == q), tokens).named("shifted")
    model = raspc.compile(shifted, "abc", 4)
    assert model("abc") == [None, "a", "b"] and model.output_tokens[-1] is None


def test_means_are_numbers():
    share = aggregate(select(indices, indices, "<="), (tokens == "x").indicator(), default=0).named("share")
    model = raspc.compile(share, "ax", 6)
    assert model("axx") == pytest.approx([0, 1 / 2, 2 / 3]) and model.output_tokens == [] and model.verify()


def test_folders_come_back_as_they_were(model, tmp_path):
    model.save(tmp_path / "m")
    model.save(tmp_path / "m")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m"], "nothing is left behind"
    back = raspc.Model.load(tmp_path / "m")
    assert back([3, 1, 2]) == [1, 2, 3] and back.vocab == model.vocab and back.config == model.config
    assert all(np.array_equal(back.weights[k], model.weights[k]) for k in model.weights)
    assert back.verify() and back.explain() == model.explain() and back.circuit == model.circuit
    assert back.run([3, 1, 2], patch={"target_pos": [0, 1, 2]}).output == [3, 1, 2]
    again = tmp_path / "again"
    back.save(again)
    assert all((again / p.name).read_bytes() == p.read_bytes() for p in (tmp_path / "m").iterdir())


def test_folders_keep_any_token(tmp_path):
    class Word:
        def __init__(self, i):
            self.i = i

        def __repr__(self):
            return f"Word({self.i})"

    calls = []

    def double(x):
        calls.append(x)
        return (x, x)

    words = [("a", 1), b"y", Word(3), frozenset()]
    model = raspc.compile(raspc.map(double, tokens).named("twice"), words, 3)
    model.save(tmp_path / "m")
    n = len(calls)
    back = raspc.Model.load(tmp_path / "m")
    assert back([("a", 1), b"y"]) == [(("a", 1), ("a", 1)), (b"y", b"y")]
    assert isinstance(back.vocab[2], raspc.Opaque) and str(back.vocab[2]) == "Word(3)"
    assert back([back.vocab[2]]) == back([Word(3)]) and str(back([Word(3)])[0]) == "(Word(3), Word(3))"
    assert back.interpret([b"y"]) == {"twice": [(b"y", b"y")]} and back.verify()
    assert len(calls) == n, "functions are kept as tables"


def test_damage_is_an_error_and_no_folder_of_others_is_replaced(model, tmp_path):
    model.save(tmp_path / "m")
    for name in raspc.Model.load(tmp_path / "m")._native.file_names():
        file = tmp_path / "m" / name
        good = file.read_bytes()
        for bad in [b"", good[: len(good) // 2], good[:100] + bytes([good[100] ^ 1]) + good[101:], None]:
            file.unlink() if bad is None else file.write_bytes(bad)
            with pytest.raises(raspc.ModelFileError) as caught:
                raspc.Model.load(tmp_path / "m")
            assert caught.value.code == "E0906"
            file.write_bytes(good)
    with pytest.raises(raspc.ModelFileError):
        raspc.Model.load(tmp_path / "nothing")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("x")
    for place in ["other", "file"]:
        with pytest.raises(raspc.ModelFileError):
            model.save(tmp_path / place)
    assert (tmp_path / "other" / "thesis.txt").read_text() == "years of work"


def test_the_same_program_gives_the_same_bytes(tmp_path):
    script = (
        "import raspc, hashlib\n"
        "f = raspc.map(lambda x: (x, 'é'), raspc.tokens).named('f')\n"
        "m = raspc.compile(f, [('b', 2), ('a', 1), b'z'], 4)\n"
        "print(hashlib.sha256(b''.join(m._native.files().values())).hexdigest())\n"
    )
    runs = [subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout


@pytest.mark.parametrize("opt", [0, 1])
def test_python_functions_of_means_that_are_made_of_counts(opt, tmp_path):
    """Means too close for f32 are tested by counts; the function is in the model's folder all the same."""
    apart = select(indices, indices, "<") & select(tokens, tokens, "!=")
    mean = aggregate(apart, tokens, 0).named("mean")
    calls = []

    def large(x):
        calls.append((type(x), x))
        return x > 40_000

    model = raspc.compile(raspc.map(large, mean).named("result"), vocab=[0, 40_000, 40_001], max_len=4, opt=opt)
    assert model.verify()
    assert len(calls) == len(set(calls))
    model.save(tmp_path / "model")
    again = raspc.Model.load(tmp_path / "model")
    assert again.verify()
    assert again([40_001, 40_000, 0]) == model([40_001, 40_000, 0])
    assert model.explain() and again._repr_html_()


@pytest.mark.parametrize("opt", [0, 1])
def test_a_folder_of_nameless_python_functions_is_verified(opt, tmp_path):
    """The folder has tables for functions, and not their names, which the labels of nameless s-ops hold."""
    before = aggregate(select(indices, indices - 1), tokens)
    mean = aggregate(select(indices, indices, "<="), raspc.where(tokens == "a", 1, 0))
    for program in (
        raspc.map(lambda x: x + "!", tokens),
        raspc.map(lambda x: x + "!", tokens) == raspc.map(lambda x: x + "!", before),
        raspc.map(lambda x, i: x > i / 5, mean, indices),
        abs(selector_width(select(tokens, tokens)) - indices),
        selector_width(select(tokens, indices, lambda k, q: (k == "a") == (q > 1))),
    ):
        model = raspc.compile(program, vocab="abc", max_len=4, opt=opt)
        model.save(tmp_path / "model")
        again = raspc.Model.load(tmp_path / "model")
        assert again.verify(100)
        assert again.residual_labels == model.residual_labels
        assert again.check_interchange("abc", "bca", again.output)
        assert again.explain()


def test_how_a_number_is_written_is_no_part_of_it():
    """The mean of one 1 is 1, of two 1.0: equal, and no transformer tells them apart."""
    mean = aggregate(select(indices, indices, "<="), tokens)
    for f in (str, lambda x: type(x).__name__):
        with pytest.raises(raspc.CompileError):
            raspc.compile(raspc.map(f, mean), vocab=[1, 2], max_len=3)


def test_copies_and_pickles(model):
    assert copy.copy(model) is model and copy.deepcopy(model) is model
    weights = copy.deepcopy(model.weights)
    assert list(weights) == list(model.weights)
    weights["embed.W_E"][0, 0] += 1
    assert not np.array_equal(weights["embed.W_E"], model.weights["embed.W_E"])
    again = pickle.loads(pickle.dumps(model))
    assert again([3, 1, 2]) == [1, 2, 3] and again.nodes == model.nodes and again.verify(50)
    tuples = raspc.compile(tokens, vocab=[("a", 1), b"y"], max_len=2)
    assert pickle.loads(pickle.dumps(tuples))([b"y", ("a", 1)]) == [b"y", ("a", 1)]

    class Word:
        pass

    with pytest.raises(raspc.UsageError, match="would be <Word> after pickling"):
        pickle.dumps(raspc.compile(tokens, vocab=[Word()], max_len=2))


def test_weights_are_read_only(model):
    with pytest.raises(ValueError, match="read-only"):
        model.weights["embed.W_E"][0, 0] = 5


def test_explanations(model):
    story = model.explain()
    assert "1. The computational graph" in story and "target_pos" in model.explain("schedule")
    assert repr(story) == str(story)


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.seen.update(name for name, _ in attrs)


def test_hostile_names_stay_text():
    evil = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    same = select(tokens, tokens).named(evil)
    hist = selector_width(same).named(evil)
    model = raspc.compile(hist, vocab=[evil, "'\"><b>"], max_len=2)
    program = raspc.parse(f"# {evil}\nx = tokens;")
    shown = [hist, same, same.on([evil]), model, model.run([evil]), model.explain(), program]
    for thing in shown:
        tags = Tags()
        text = thing._repr_html_()
        tags.feed(text)
        assert tags.seen <= {"div", "pre", "table", "tr", "th", "td", "b", "i", "style", "title"}, thing
        assert "alert" in text or thing is model.explain() or thing is program


def test_pictures_show_what_they_should(model):
    selected = select(tokens, tokens, "<").named("smaller").on([2, 0])
    assert repr(selected) == "  2 0\n2 · ■\n0 · ·" and "smaller" in selected._repr_html_()
    assert "target_pos" in model._repr_html_() and "layer 0 head 0" in model.run([2, 0])._repr_html_()
    long = select(indices, indices, "<").on(list(range(200)))
    assert len(long._repr_html_()) < 1000


def test_the_command_is_installed():
    command = Path(sys.executable).with_name("raspc" + (".exe" if sys.platform == "win32" else ""))
    done = subprocess.run([command, "run", "hist", "abac", "--json"], capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)
    failed = subprocess.run([command, "run", "hist", "xyz"], capture_output=True, text=True)
    assert failed.returncode == 1 and "not in the vocabulary" in failed.stderr
    assert subprocess.run([command, "nonsense"], capture_output=True).returncode == 2


@pytest.mark.parametrize("view", ["flow", "graph", "layers", "residual", "attention", "weights"])
def test_models_are_drawn(model, view, tmp_path):
    picture = model.draw(view, [3, 1, 2])
    assert picture._repr_svg_().startswith("<svg ") and picture.dot.startswith("digraph ")
    picture.save(tmp_path / "p.svg")
    assert (tmp_path / "p.svg").read_text(encoding="utf-8") == picture.svg
    with pytest.raises(raspc.UsageError):
        picture.save(tmp_path / "p.png")


def test_expressions_are_drawn():
    hist = selector_width(select(tokens, tokens).named("same")).named("hist")
    assert "hist" in hist.draw().svg and "hist" in hist.draw("aab").svg
    model = raspc.compile(hist, "ab", 3)
    for wrong in [lambda: model.draw("flow"), lambda: model.draw("everything", "ab")]:
        with pytest.raises(raspc.UsageError):
            wrong()
    with pytest.raises(raspc.InputError):
        model.draw("flow", "xyz")
