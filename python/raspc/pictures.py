"""Pictures of programs and models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Union

from raspc.errors import UsageError

__all__ = ["Picture"]


class Picture:
    """A picture, which shows itself in a notebook. Names and values in it are text, whatever they hold.

    Attributes:
        svg: as SVG.
        dot: as text for Graphviz.
    """

    def __init__(self, svg: str, dot: str) -> None:
        self.svg = svg
        self.dot = dot

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes it: a path that ends in ``.svg``, or in ``.dot`` or ``.gv`` for Graphviz."""
        path = Path(path)
        texts = {".svg": self.svg, ".dot": self.dot, ".gv": self.dot}
        if path.suffix not in texts:
            raise UsageError(f"{str(path)!r} does not say what to write", hint="end it in `.svg` or `.dot`")
        path.write_text(texts[path.suffix], encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture, {len(self.svg):,} bytes of SVG>"
