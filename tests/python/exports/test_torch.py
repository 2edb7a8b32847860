"""PyTorch: the module that is shipped with the weights; and the dense safetensors file."""

import importlib.util
import json

import numpy as np
import pytest
import torch
from cases import all_cases
from runtime import check
from safetensors import safe_open

CASES = all_cases("torch")


def load(case):
    path = case.path("torch") / "transformer.py"
    spec = importlib.util.spec_from_file_location("transformer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Transformer.load(case.path("torch"))


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_outputs_are_the_interpreters(case):
    check(case, load(case), "torch module")


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_tokens_in_values_out(case):
    model = load(case)
    vocab, values = model.config["vocab"], model.config["output"].get("values")
    for i, ids in case.singles(5):
        tokens = [vocab[t] for t in ids[0, 1:]]
        assert torch.equal(model.to_tokens(tokens), torch.from_numpy(ids))
        expected = case.expected[i, 1 : case.lengths[i]]
        for found, wanted in zip(model.decode(model(model.to_tokens(tokens))), expected, strict=True):
            if case.categorical:
                assert found == values[int(wanted)]
            elif np.isnan(wanted):
                assert found is None
            else:
                assert abs(found - wanted) <= case.bound + 1e-5


@pytest.mark.parametrize("case", CASES[:4], ids=repr)
def test_the_dense_file_holds_the_same_weights(case):
    state = load(case).state_dict()
    with safe_open(case.path("safetensors"), "pt") as file:
        assert set(file.keys()) == set(state)
        assert all(torch.equal(file.get_tensor(name), state[name]) for name in state)
        assert json.loads(file.metadata()["raspc"])["max_len"] == case.max_len
