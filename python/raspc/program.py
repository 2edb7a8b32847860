"""Programs in the textual language."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

from raspc import _native
from raspc.errors import Diagnostic, UsageError
from raspc.sops import Selector, SOp, _Node

__all__ = ["Program", "load", "parse", "standard", "standard_programs"]


class _Text:
    """A program's text as it was read; a pickle holds the text, which is read again."""

    def __init__(self, name: str, text: str, snippet: bool = False, folders: Sequence[str] = ()) -> None:
        self.of = (name, text, snippet, tuple(folders))
        self.read = _native.Program.read(name, text, snippet=snippet, folders=list(folders))

    def __reduce__(self) -> Tuple[Any, ...]:
        return _Text, self.of


class Program:
    """A program in the textual language: its s-ops and selectors by name, and what it says about itself.

    Attributes:
        output: the s-op (or selector) that is defined last.
        example: the input of ``set example``, or None.
        vocab: the tokens of ``# vocab:``, or None.
        max_len: the length of ``# max_len:``, or None.
        warnings: remarks on its text.
        text: the text.
    """

    def __init__(self, source: _Text) -> None:
        self._source = source
        read = source.read
        self._bindings = dict(read.bindings)
        self.text = source.of[1]
        self.example: Optional[List[Any]] = read.example
        self.vocab: Optional[List[Any]] = read.vocab
        self.max_len: Optional[int] = read.max_len
        self.warnings: List[Diagnostic] = read.warnings
        self._handles: Dict[int, Union[SOp, Selector]] = {}
        self.output: Optional[Union[SOp, Selector]] = None if read.output is None else self._handle(read.output)

    def _handle(self, node: int) -> Union[SOp, Selector]:
        if node not in self._handles:
            kind = Selector if self._source.read.graph.is_selector(node) else SOp
            self._handles[node] = kind(_Node("text", (), (self._source, node)))
        return self._handles[node]

    @property
    def names(self) -> Tuple[str, ...]:
        """The names of its s-ops and selectors, in the order of their definition."""
        return tuple(self._bindings)

    def __getitem__(self, name: str) -> Union[SOp, Selector]:
        """The s-op or selector of this name; it combines with others."""
        try:
            return self._handle(self._bindings[name])
        except KeyError:
            hint = f"it has {', '.join(self.names)}" if self.names else "it names none"
            raise UsageError(f"the program has no s-op or selector {name!r}", code="E0905", hint=hint) from None

    def __contains__(self, name: object) -> bool:
        return name in self._bindings

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __call__(self, tokens: Iterable[Any], *, causal: bool = False) -> Any:
        """What the output holds on an input, from the reference interpreter."""
        if self.output is None:
            raise UsageError("the program defines no s-op and no selector", code="E0905", hint="end it in an s-op")
        return self.output(tokens, causal=causal)

    def __repr__(self) -> str:
        return f"<Program {', '.join(self.names)}>"

    def _repr_html_(self) -> str:
        from raspc import _html

        return _html.program(self)


def parse(text: str, *, name: str = "-e", folder: Union[str, "os.PathLike[str]", None] = None) -> Program:
    """Reads a program in the textual language; the functions of the standard programs are known to it.

    >>> raspc.parse("same = select(tokens, tokens, ==); hist = selector_width(same);")("abca")
    [2, 1, 1, 2]

    Args:
        text: the program.
        name: what messages call it.
        folder: where the files lie that it loads; by default the current folder.

    Raises:
        ProgramError: with every place that is at fault.
    """
    if not isinstance(text, str):
        raise UsageError(f"a program is text, not {type(text).__name__}", hint="`raspc.load(path)` reads a file")
    return Program(_Text(name, text, True, [str(folder or "")]))


def load(path: Union[str, "os.PathLike[str]"]) -> Program:
    """Reads a program's file; what it loads lies beside it or in the current folder.

    Raises:
        ProgramError: with every place that is at fault.
        OSError: where the file cannot be read.
    """
    path = Path(path)
    text = path.read_text(encoding="utf-8")
    return Program(_Text(str(path), text, False, [str(path.parent), ""]))


def standard_programs() -> Dict[str, str]:
    """The standard programs: what each computes, by name."""
    return {name: summary for name, summary, _ in _native.standard_programs()}


def standard(name: str) -> Program:
    """A standard program.

    >>> raspc.standard("sort")([2, 0, 1])
    [0, 1, 2]
    """
    for known, _, text in _native.standard_programs():
        if known == name:
            return Program(_Text(name, text))
    hint = f"there are {', '.join(standard_programs())}"
    raise UsageError(f"there is no standard program {name!r}", code="E0905", hint=hint)
