"""The exceptions of raspc: one hierarchy, each with a code, the node it is about, and a hint that says what to do.

``raspc help CODE`` on the command line explains a code. A user's mistake is a ``RaspError``; ``InternalError`` is a bug of
raspc.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Sequence, Tuple, Type

__all__ = [
    "CompileError",
    "Diagnostic",
    "EvaluationError",
    "ExportError",
    "InputError",
    "InternalError",
    "InterventionError",
    "ModelFileError",
    "ProgramError",
    "RaspError",
    "UsageError",
]


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong, or deserves a warning.

    Attributes:
        severity: ``"error"`` or ``"warning"``.
        code: as ``raspc help CODE`` knows it: ``"E0201"``.
        message: what is wrong.
        node: the s-op or selector it is about, if there is one.
        hint: what to do, if something can be said.
        place: (source, line, column), both from 1, for programs in the textual language.
        text: all of it as plain text, with the source line underlined.
    """

    severity: str
    code: str
    message: str
    node: Optional[str]
    hint: Optional[str]
    place: Optional[Tuple[str, int, int]]
    text: str

    def __str__(self) -> str:
        return self.text


class RaspError(Exception):
    """Something that cannot be done as asked.

    Attributes:
        message: what is wrong.
        code: as ``raspc help CODE`` knows it.
        node: the s-op or selector it is about, or None.
        hint: what to do, or None.
        diagnostics: everything that was found wrong, warnings included.
    """

    code: str = "E1001"

    def __init__(
        self,
        message: str,
        *,
        code: Optional[str] = None,
        node: Optional[str] = None,
        hint: Optional[str] = None,
        diagnostics: Sequence[Diagnostic] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code if code is not None else type(self).code
        self.node = node
        self.hint = hint
        self.diagnostics = tuple(diagnostics)

    def __str__(self) -> str:
        if self.diagnostics:
            return "\n".join(d.text for d in self.diagnostics)
        text = f"error[{self.code}]: {self.message}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text

    def __reduce__(self) -> Tuple[Any, ...]:
        state = dict(code=self.code, node=self.node, hint=self.hint, diagnostics=self.diagnostics)
        return _rebuild, (type(self), self.message, state)


def _rebuild(kind: Type[RaspError], message: str, state: Dict[str, Any]) -> RaspError:
    return kind(message, **state)


class UsageError(RaspError, TypeError):
    """Something is used as what it is not: a selector as an s-op, an s-op as a truth value."""


class ValueUsageError(UsageError, ValueError):
    """A Python value that cannot be a value of a program: unhashable, or not finite."""

    code = "E1002"


class ProgramError(RaspError, ValueError):
    """A program in the textual language that is at fault; ``diagnostics`` have the places."""

    code = "E0104"


class CompileError(RaspError, ValueError):
    """A program that cannot be compiled exactly for its vocabulary and length: which node, and why."""

    code = "E0803"


class EvaluationError(RaspError, ValueError):
    """On this input the program has no defined value. A Python function's own exception is the ``__cause__``."""

    code = "E0903"


class InputError(RaspError, ValueError):
    """An input that a model cannot take: a token outside the vocabulary, too many tokens, BOS or PAD."""

    code = "E0901"


class InterventionError(RaspError, ValueError):
    """A patch or an ablation of something that is not there, or with values the node cannot hold."""

    code = "E1003"


class ModelFileError(RaspError, ValueError):
    """A model folder that is damaged, incomplete, or of another format."""

    code = "E0906"


class ExportError(RaspError, ValueError):
    """A model that a format cannot hold exactly, and why."""

    code = "E1101"


class InternalError(RaspError, RuntimeError):
    """A bug of raspc, not of your program. Please report it with the program."""

    code = "E9999"

    def __init__(self, message: str, **rest: Any) -> None:
        rest.setdefault("hint", "this is a bug of raspc and not of your program; please report it with the program")
        super().__init__(message, **rest)


_KINDS: Dict[str, Type[RaspError]] = {
    "E0901": InputError,
    "E0902": InputError,
    "E0903": EvaluationError,
    "E0905": UsageError,
    "E0906": ModelFileError,
    "E1001": UsageError,
    "E1002": ValueUsageError,
    "E1003": InterventionError,
}


def _kind(code: str) -> Type[RaspError]:
    if code in _KINDS:
        return _KINDS[code]
    return {"E08": CompileError, "E11": ExportError}.get(code[:3], ProgramError)


def from_diagnostics(diagnostics: Sequence[Diagnostic]) -> RaspError:
    """The exception of several diagnostics; the first error gives its kind, code, node and hint."""
    first = next((d for d in diagnostics if d.severity == "error"), diagnostics[0])
    kind = _kind(first.code)
    return kind(first.message, code=first.code, node=first.node, hint=first.hint, diagnostics=diagnostics)
