"""What the PyTorch runtimes have in common: a model as a function from ids and mask to logits, run over all inputs."""

import numpy as np
import torch
from cases import judge, same
from report import note


def logits_of(case, forward, masked):
    """Logits [input, position, column] over all inputs, padded to one length."""
    parts = []
    for batch in case.batches():
        ids = torch.from_numpy(case.ids[batch])
        mask = torch.from_numpy(case.mask[batch]) if masked else None
        parts.append(forward(ids, mask).numpy())
    return np.concatenate(parts)


def check(case, forward, runtime, tolerance=1e-5):
    """Outputs are the interpreter's, logits the model's, in padded batches with and without a mask and for inputs alone."""
    masked = logits_of(case, forward, True)
    note(runtime, "masked", case, judge(case, masked, "masked", tolerance))
    unmasked = logits_of(case, forward, False)
    note(runtime, "unmasked", case, judge(case, unmasked, "unmasked", tolerance))
    worst = 0.0
    for i, ids in case.singles():
        logits = forward(torch.from_numpy(ids), None).numpy()
        worst = max(worst, same(case, i, logits, masked, "single", tolerance))
    note(runtime, "single against batch", case, worst)
