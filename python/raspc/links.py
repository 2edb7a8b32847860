"""Links to the playground: a program and its settings in the fragment of an address, which no server sees.

The encoding is the playground's own (``site/src/playground/share.js`` describes it); both are held to
``tests/site/links.json``.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, List, Optional
from urllib.parse import quote

from raspc.errors import UsageError

if TYPE_CHECKING:
    from raspc.models import Model

__all__ = ["encode", "fragment"]

# What JavaScript's encodeURIComponent leaves as it is, beside letters, digits, `-`, `_`, `.` and `~`.
_PLAIN = "!*'()"


def encode(
    program: str,
    *,
    input: Optional[str] = None,
    vocab: Optional[str] = None,
    length: Optional[int] = None,
    sop: Optional[str] = None,
    causal: bool = False,
    opt: int = 1,
) -> str:
    """The fragment for a program's text and settings as the playground's fields have them, ``#`` included."""
    text = base64.urlsafe_b64encode(program.encode("utf-8")).decode("ascii").rstrip("=")
    fields = [
        ("v", "1"),
        ("p", text),
        ("i", input),
        ("vocab", vocab),
        ("len", None if length is None else str(length)),
        ("sop", sop),
        ("causal", "1" if causal else None),
        ("opt", "0" if opt == 0 else None),
    ]
    return "#" + "&".join(f"{k}={quote(v, safe=_PLAIN)}" for k, v in fields if v)


def fragment(model: "Model", tokens: Optional[List[Any]] = None) -> str:
    """The fragment of a model's program, vocabulary and length.

    Raises:
        UsageError: a program or a value that has no text.
    """
    try:
        program = model._graph.unparse(model._native.output)
    except ValueError as error:
        hint = "a Python function in it has no text: write it with the operators of s-ops"
        raise UsageError(f"`{error}` cannot be written as RASP", hint=hint) from None
    return encode(
        program,
        input=None if tokens is None else _json(tokens),
        vocab=_json(model.vocab),
        length=model.config.max_len,
        causal=model.config.causal,
        opt=1 if model._opt is None else model._opt,
    )


def _json(values: List[Any]) -> str:
    plain = (str, int, float, bool)
    other = next((v for v in values if not isinstance(v, plain)), None)
    if other is not None:
        raise UsageError(f"the token {other!r} cannot be written in a link", hint="strings, numbers and booleans can")
    return json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
