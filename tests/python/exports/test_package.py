"""The Python package's own exports: `model.export`, `to_torch`, `to_transformer_lens`, `to_hf`, `to_onnx`."""

import json
import random
from pathlib import Path

import onnxruntime
import pytest
import raspc
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

PROGRAMS = {
    "hist": dict(vocab="abc", max_len=5),
    "sort_unique": dict(vocab=range(5), max_len=4),
    "frac_prevs": dict(vocab="abx", max_len=5),
    "shift_by": dict(vocab="abc", max_len=5, causal=True),
}


def compiled(name):
    return raspc.compile(raspc.standard(name), **PROGRAMS[name])


def inputs(model, n=20):
    """Some inputs, and what the model's own forward pass says of them."""
    source = random.Random(7)
    for _ in range(n):
        tokens = [source.choice(model.vocab) for _ in range(source.randint(1, model.config.max_len))]
        if model.output != "sort_unique" or len(set(tokens)) == len(tokens):
            yield tokens, model(tokens)


def agree(found, wanted):
    return found == wanted or found == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("name", PROGRAMS)
def test_to_torch(name):
    model = compiled(name)
    module = model.to_torch()
    assert isinstance(module, torch.nn.Module)
    for tokens, wanted in inputs(model):
        ids = module.to_tokens(tokens)
        assert ids.shape == (1, len(tokens) + 1)
        assert agree(module.decode(module(ids)), wanted)


@pytest.mark.parametrize("name", PROGRAMS)
def test_to_transformer_lens(name):
    model = compiled(name)
    lens = model.to_transformer_lens()
    for tokens, wanted in inputs(model):
        logits, cache = lens.run_with_cache(lens.to_tokens(tokens))
        assert agree(lens.decode(logits), wanted)
        last = cache[f"blocks.{model.config.n_layers - 1}.hook_resid_post"][0].numpy()
        assert (abs(last - model.run(tokens).residuals[-1]) <= 1e-5).all()
    batch = [model.vocab[:2], model.vocab[:1]]
    ids = lens.to_tokens(batch)
    assert ids.tolist()[1][-1] == len(model.vocab) + 1, "PAD"
    assert agree(lens.decode(lens(ids))[1][:1], model(batch[1]))


def test_values_are_what_they_are_and_not_their_texts():
    model = raspc.compile(raspc.tokens, vocab=[(1, 2), "x", 3.5], max_len=3)
    module, lens = model.to_torch(), model.to_transformer_lens()
    for runtime in (module, lens):
        assert runtime.decode(runtime(runtime.to_tokens([3.5, (1, 2), "x"]))) == [3.5, (1, 2), "x"]


def test_to_onnx(tmp_path):
    model = compiled("hist")
    session = onnxruntime.InferenceSession(str(model.to_onnx(tmp_path / "hist.onnx")))
    vocab = json.loads(session.get_modelmeta().custom_metadata_map["output_vocab"])
    for tokens, wanted in inputs(model):
        ids = [[len(model.vocab), *map(model.vocab.index, tokens)]]
        [found] = session.run(["output_ids"], {"input_ids": ids})
        assert [vocab[i] for i in found[0, 1:]] == wanted


def test_to_hf(tmp_path):
    model = compiled("hist")
    classify = pipeline("token-classification", str(model.to_hf(tmp_path / "bert")), ignore_labels=[])
    assert [word["entity"] for word in classify("a b a")] == ["2", "1", "2"]
    causal = compiled("shift_by")
    folder = str(causal.to_hf(tmp_path / "gpt2"))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    logits = AutoModelForCausalLM.from_pretrained(folder)(**tokenizer("a b c", return_tensors="pt")).logits
    words = tokenizer.convert_ids_to_tokens(logits[0, 1:].argmax(-1).tolist())
    assert words == ["none" if v is None else v for v in causal(["a", "b", "c"])]


def test_refusals_are_exceptions_with_a_code(tmp_path):
    model = compiled("hist")
    with pytest.raises(raspc.RaspError) as refused:
        model.export(tmp_path / "x", format="hf-gpt2")
    assert refused.value.code == "E1101" and refused.value.hint
    for wrong in ("gguf", 3):
        with pytest.raises(ValueError, match=str(wrong)) as unknown:
            model.export(tmp_path / "x", format=wrong)
        assert isinstance(unknown.value, raspc.UsageError) and "hf-bert" in unknown.value.hint
    (tmp_path / "thesis").write_text("text", encoding="utf-8")
    with pytest.raises(FileExistsError):
        model.to_onnx(tmp_path / "thesis")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis"]


def test_the_systems_reasons_name_the_place(tmp_path):
    model = compiled("hist")
    (tmp_path / "file").write_text("text", encoding="utf-8")
    for format in ("onnx", "torch"):
        with pytest.raises(OSError) as caught:
            model.export(tmp_path / "file" / "x", format=format)
        assert str(tmp_path / "file" / "x") in str(caught.value) and caught.value.errno


def test_tokens_that_the_files_cannot_tell_apart(tmp_path):
    model = raspc.compile(raspc.tokens, vocab=[(1, 2), "(1, 2)"], max_len=2)
    with pytest.raises(raspc.ExportError) as refused:
        model.export(tmp_path / "x", format="torch")
    assert refused.value.code == "E1102" and refused.value.hint
    lens = model.to_transformer_lens()
    assert lens.decode(lens(lens.to_tokens(["(1, 2)", (1, 2)]))) == ["(1, 2)", (1, 2)]


def test_the_package_ships_the_module_that_exports_hold(tmp_path):
    compiled("hist").export(tmp_path / "torch", format="torch")
    shipped = Path(raspc.__file__).with_name("transformer.py")
    assert (tmp_path / "torch" / "transformer.py").read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8")
