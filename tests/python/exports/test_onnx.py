"""ONNX in onnxruntime."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
from cases import all_cases, judge, same
from report import note

CASES = all_cases("onnx")


def load(case):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    path = case.path("onnx")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(case, session, masked):
    """All outputs over all inputs, padded to one length."""
    parts = []
    for batch in case.batches():
        feed = {"input_ids": case.ids[batch]}
        if masked:
            feed["attention_mask"] = case.mask[batch]
        parts.append(session.run(None, feed))
    names = [output.name for output in session.get_outputs()]
    return {name: np.concatenate(all) for name, all in zip(names, zip(*parts))}


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_outputs_are_the_interpreters(case):
    session = load(case)
    masked, unmasked = run(case, session, True), run(case, session, False)
    for what, outputs in (("masked", masked), ("unmasked", unmasked)):
        note("onnxruntime", what, case, judge(case, outputs["logits"], what))
        residual = np.abs(outputs["last_hidden_state"] - case.residual)[case.real].max()
        note("onnxruntime", f"{what}, residual", case, float(residual))
        if case.categorical:
            assert (outputs["output_ids"] == case.expected)[case.real].all()
        else:
            values, expected = outputs["values"][case.real], case.expected[case.real]
            assert np.array_equal(np.isnan(values), np.isnan(expected))
            assert (np.nan_to_num(np.abs(values - expected)) <= case.bound + 1e-5).all()
    for i, ids in case.singles():
        [logits] = session.run(["logits"], {"input_ids": ids})
        note("onnxruntime", "single against batch", case, same(case, i, logits, masked["logits"], "single"))


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_the_file_is_well_formed(case):
    path = case.path("onnx")
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(str(path))
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    about = {p.key: p.value for p in model.metadata_props}
    vocab = json.loads(about["input_vocab"])
    assert vocab.index(about["bos"]) == int(about["bos_id"]) == case.ids[0, 0]
    assert vocab.index(about["pad"]) == int(about["pad_id"])
    assert int(about["max_seq_len"]) == case.max_len + 1
    outputs = json.loads(about["output_vocab"])
    assert len(outputs) == (case.logits.shape[-1] if case.categorical else 0)


def test_none_is_among_the_outputs():
    """What the tests of argmax rest on: some programs do give none, and tokens beside it."""
    for case in CASES:
        if case.name.startswith(("gaps", "causal_gaps", "causal_shift_by")):
            values = {case.labels()[int(e)] for e in case.expected[case.real]}
            assert "none" in values and len(values) > 2, case


def test_too_long_an_input_fails():
    case = CASES[0]
    ids = np.zeros((1, case.max_len + 2), dtype=np.int64)
    with pytest.raises(Exception, match="(?i)broadcast"):
        load(case).run(["logits"], {"input_ids": ids})
