"""raspc compiles RASP programs into the weights of ordinary transformers, exactly, and shows how.

>>> import raspc
>>> from raspc import aggregate, indices, select, selector_width, tokens
>>> smaller = select(tokens, tokens, "<")
>>> target_pos = selector_width(smaller).named("target_pos")
>>> ordered = aggregate(select(target_pos, indices, "=="), tokens).named("ordered")
>>> model = raspc.compile(ordered, vocab=range(5), max_len=5)
>>> model([3, 1, 4, 2])
[1, 2, 3, 4]
>>> bool(model.verify())
True

A program is an :class:`SOp` (built from :data:`tokens`, :data:`indices`, :func:`select`, :func:`aggregate`, …) or text
(:func:`parse`, :func:`load`, :func:`standard`). :func:`compile` turns it into a :class:`Model`.
"""

from raspc._native import __version__
from raspc._opaque import Opaque
from raspc.circuits import Circuit, Edge, Node, Score
from raspc.errors import (
    CompileError,
    Diagnostic,
    EvaluationError,
    ExportError,
    InputError,
    InternalError,
    InterventionError,
    ModelFileError,
    ProgramError,
    RaspError,
    UsageError,
)
from raspc.models import Config, Interchange, InterventionWarning, Model, Verification, compile
from raspc.pictures import Picture
from raspc.program import Program, load, parse, standard, standard_programs
from raspc.runs import BatchRun, Run
from raspc.sops import (
    Selector,
    SOp,
    aggregate,
    constant,
    full,
    indices,
    length,
    map,
    select,
    selector_width,
    tokens,
    where,
)

__all__ = [
    "BatchRun",
    "Circuit",
    "CompileError",
    "Config",
    "Diagnostic",
    "Edge",
    "EvaluationError",
    "ExportError",
    "InputError",
    "Interchange",
    "InternalError",
    "InterventionError",
    "InterventionWarning",
    "Model",
    "ModelFileError",
    "Node",
    "Opaque",
    "Picture",
    "Program",
    "ProgramError",
    "RaspError",
    "Run",
    "SOp",
    "Score",
    "Selector",
    "UsageError",
    "Verification",
    "__version__",
    "aggregate",
    "compile",
    "constant",
    "full",
    "indices",
    "length",
    "load",
    "map",
    "parse",
    "select",
    "selector_width",
    "standard",
    "standard_programs",
    "tokens",
    "where",
]
