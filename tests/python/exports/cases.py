"""The programs that are tried, as the Rust example `export_cases` wrote them, and how a runtime's answers are judged."""

import json
import os
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

FOLDER = Path(os.environ["RASPC_EXPORT_CASES"])
INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))

# Logits are to be within this of the model's own forward pass.
LOGIT_TOLERANCE = 1e-5
BATCH = 256


class Case:
    """A program, its exports, its inputs, and what the interpreter and the model's own forward pass say of them."""

    def __init__(self, entry):
        self.name, self.causal, self.max_len = entry["name"], entry["causal"], entry["max_len"]
        self.bound, self.refused = entry["bound"], entry["refused"]
        self.decode = entry["output"]["decode"]
        self.categorical = "categorical" in self.decode
        self.folder = FOLDER / self.name
        arrays = load_file(self.folder / "cases.safetensors")
        self.ids, self.lengths = arrays["ids"].astype(np.int64), arrays["lengths"]
        self.expected, self.logits, self.residual = arrays["expected"], arrays["logits"], arrays["residual"]
        positions = np.arange(self.ids.shape[1])
        self.mask = (positions < self.lengths[:, None]).astype(np.int64)
        # Positions whose output means something: neither BOS nor padding.
        self.real = self.mask.astype(bool) & (positions > 0)

    def __repr__(self):
        return self.name

    def path(self, format):
        return self.folder / format

    def labels(self):
        """The texts of the output's values."""
        return [text_of(token) for token, _ in self.decode["categorical"]["classes"]]

    def batches(self):
        for start in range(0, len(self.ids), BATCH):
            yield slice(start, start + BATCH)

    def singles(self, most=60):
        """Some inputs, each alone and unpadded: (index, ids)."""
        step = max(1, len(self.ids) // most)
        for i in range(0, len(self.ids), step):
            yield i, self.ids[i : i + 1, : self.lengths[i]]


def text_of(token):
    """A token of the model's description as the exporters spell it."""
    value = token.get("value", "none")
    return str(value).lower() if isinstance(value, bool) else str(value)


def all_cases(format, categorical=None):
    """The cases that the format does not refuse."""
    cases = [Case(entry) for entry in INDEX if entry["refused"][format] is None]
    return [c for c in cases if categorical is None or c.categorical == categorical]


def judge(case, logits, what, tolerance=LOGIT_TOLERANCE):
    """Whether logits [input, position, column] decode to the interpreter's output and are the model's own.

    A symbol is the plain argmax, none included. A number is the first column, within the compiler's bound; it is none
    where a second column, `defined`, does not exceed 1/2. Gives the largest difference from the model's own logits."""
    expected = case.expected[case.real]
    found = logits[case.real]
    if case.categorical:
        wrong = found.argmax(-1) != expected
    else:
        wrong = np.abs(found[:, 0].astype(np.float64) - expected) > case.bound + tolerance
        if found.shape[1] == 2:
            none = found[:, 1] <= 0.5
            wrong = np.where(np.isnan(expected) | none, np.isnan(expected) != none, wrong)
    assert not wrong.any(), f"{case} {what}: {wrong.sum()} of {wrong.size} outputs are wrong"
    error = float(np.abs(found - case.logits[case.real]).max())
    assert error <= tolerance, f"{case} {what}: logits differ by {error}"
    return error


def same(case, i, logits, batch, what, tolerance=LOGIT_TOLERANCE):
    """Whether a single unpadded input [1, position, column] gives what it gave within a padded batch."""
    n = case.lengths[i]
    error = float(np.abs(logits[0, 1:n] - batch[i, 1:n]).max())
    assert error <= tolerance, f"{case} {what}: input {i} alone differs by {error} from the batch"
    return error
