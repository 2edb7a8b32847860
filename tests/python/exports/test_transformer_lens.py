"""TransformerLens: `HookedTransformer` where the installed version has it (up to 3), else `TransformerBridge.boot_native`."""

import json
from importlib.metadata import version

import numpy as np
import pytest
import torch
import transformer_lens
from cases import all_cases
from report import note
from runtime import check, logits_of
from safetensors.torch import load_file

CASES = all_cases("transformer-lens")
HOOKED = int(version("transformer-lens").split(".")[0]) < 4
KIND = "HookedTransformer" if HOOKED else "boot_native"
RUNTIME = f"TransformerLens {KIND}"


def parts(case, name):
    folder = case.path("transformer-lens")
    config = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return config, load_file(folder / f"{name}.safetensors")


def load(case, **options):
    if HOOKED:
        config, state = parts(case, "hooked_transformer")
        model = transformer_lens.HookedTransformer(
            transformer_lens.HookedTransformerConfig(**config, **options, device="cpu")
        )
        missing, unexpected = model.load_state_dict(state, strict=False)
        assert not unexpected
        assert all(name.endswith(("attn.mask", "attn.IGNORE")) for name in missing), missing
        return model.eval()
    config, state = parts(case, "bridge")
    from transformer_lens.model_bridge import TransformerBridge

    bridge = TransformerBridge.boot_native(config)
    bridge.load_state_dict(state, strict=False)
    own = dict(bridge.original_model.named_parameters())
    for name, tensor in own.items():
        key = name.replace("._original_component", "")
        assert torch.equal(tensor, state[key]), name
    return bridge.eval()


def forward(model):
    if HOOKED:
        return lambda ids, mask: model(ids, attention_mask=mask, return_type="logits")
    return lambda ids, mask: model(ids, return_type="logits", **({} if mask is None else {"attention_mask": mask}))


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_outputs_are_the_interpreters(case):
    check(case, forward(load(case)), RUNTIME)


@pytest.mark.parametrize("case", CASES[::3], ids=repr)
def test_the_cache_holds_the_residual_stream(case):
    model = load(case)
    last = f"blocks.{model.cfg.n_layers - 1}.hook_resid_post"

    def residual(ids, mask):
        return model.run_with_cache(ids)[1][last]

    found = logits_of(case, residual, True)
    error = float(np.abs(found - case.residual)[case.real].max())
    note(RUNTIME, "residual stream", case, error)
    assert error <= 1e-4
