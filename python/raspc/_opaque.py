"""Values of which a model folder keeps only the text."""

from __future__ import annotations

from typing import Any

__all__ = ["Opaque", "restore"]


class Opaque:
    """A value of which only its text is left: a model was read from files, and its tokens were objects of some class."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and self.text == other.text

    def __hash__(self) -> int:
        return hash((Opaque, self.text))


def restore(text: str) -> Any:
    """The value whose ``repr`` is the text, where it is a literal (a tuple, bytes, …), else an :class:`Opaque`."""
    import ast

    try:
        value = ast.literal_eval(text)
        hash(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return Opaque(text)
    return value if repr(value) == text else Opaque(text)
