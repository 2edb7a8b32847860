"""The programs with their exports and inputs, what the interpreter and our forward pass say of these, and the judgement."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

import numpy as np
import raspc
from programs import TRIALS

# Logits are to be within this of the model's own forward pass.
LOGIT_TOLERANCE = 1e-5
BATCH = 256

FOLDER = Path(tempfile.mkdtemp(prefix="raspc-exports-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


class Case:
    """A compiled program; inputs as ids ``[input, position]``, padded to one length, BOS first."""

    def __init__(self, trial):
        self.name, self.causal, self.max_len = trial.name, trial.causal, trial.max_len
        self.model = trial.compile()
        readout = next(r for r in self.model._readouts if r["name"] == self.model.output)
        self.categorical = "classes" in readout
        self.bound = 0.0 if self.categorical else readout["bound"]
        self.columns = len(readout["classes"]) if self.categorical else 1 + (readout["defined"] is not None)
        self._run(list(self._answered(trial)))

    def _answered(self, trial):
        """Inputs on which the program has a value, with it."""
        for tokens in trial.inputs():
            try:
                yield tokens, self.model.interpret(tokens)[self.model.output]
            except raspc.EvaluationError:
                pass

    def _run(self, answered):
        width, pad = self.max_len + 1, len(self.model.vocab) + 1
        ids_of = {token: i for i, token in enumerate(self.model.vocab)}
        classes = {value: float(i) for i, value in enumerate(self.model.output_tokens)}
        shape = (len(answered), width)
        self.ids, self.lengths = np.full(shape, pad, np.int64), np.zeros(len(answered), np.int64)
        self.expected = np.full(shape, -np.inf)
        self.logits = np.zeros((*shape, self.columns), np.float32)
        self.residual = np.zeros((*shape, self.model.config.d_model), np.float32)
        for i, (tokens, said) in enumerate(answered):
            n = self.lengths[i] = len(tokens) + 1
            self.ids[i, :n] = [pad - 1, *(ids_of[t] for t in tokens)]
            self.expected[i, 1:n] = [classes[v] if self.categorical else np.nan if v is None else float(v) for v in said]
            run = self.model.run(tokens)
            self.logits[i, :n], self.residual[i, :n] = run.logits, run.residuals[-1]
        positions = np.arange(width)
        self.mask = (positions < self.lengths[:, None]).astype(np.int64)
        # Positions whose output means something: neither BOS nor padding.
        self.real = self.mask.astype(bool) & (positions > 0)

    def __repr__(self):
        return self.name

    @functools.lru_cache(maxsize=None)  # noqa: B019 (cases live as long as the tests)
    def path(self, format):
        return self.model.export(FOLDER / f"{self.name}-{format}", format=format)

    def labels(self):
        """The texts of the output's values."""
        return [text_of(value) for value in self.model.output_tokens]

    def batches(self):
        for start in range(0, len(self.ids), BATCH):
            yield slice(start, start + BATCH)

    def singles(self, most=60):
        """Some inputs, each alone and unpadded: (index, ids)."""
        step = max(1, len(self.ids) // most)
        for i in range(0, len(self.ids), step):
            yield i, self.ids[i : i + 1, : self.lengths[i]]


def text_of(value):
    """A value as exporters spell it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


CASES = [Case(trial) for trial in TRIALS]


def all_cases(format):
    """The cases that the format is for: BERT is bidirectional and GPT-2 causal, and neither has a number that can be none."""
    masks = {"hf-bert": (False,), "hf-gpt2": (True,)}.get(format, (False, True))
    nones = format not in ("hf-bert", "hf-gpt2")
    return [c for c in CASES if c.causal in masks and (nones or c.categorical or c.columns == 1)]


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
