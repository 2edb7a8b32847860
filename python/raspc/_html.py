"""How s-ops, selectors on an example, runs and models show in a notebook.

Every text that comes from a program, a token or a folder passes through :func:`_text`: nothing of it can become markup.
"""

from __future__ import annotations

import html
from typing import Any, Dict, Iterable, List, Sequence, Tuple

from raspc.sops import Selector, _Expression, build

__all__ = ["SelectorOn", "expression", "model", "page", "program", "run", "text"]

_STYLE = (
    "font-family:ui-monospace,monospace;font-size:12px;border-collapse:collapse;margin:4px 0;text-align:center"
)
_CELL = "padding:2px 7px;border:1px solid #8884"
# More columns or rows than this are not drawn.
_MOST = 64


def _text(value: Any) -> str:
    shown = value if isinstance(value, str) else repr(value)
    if len(shown) > 400:
        shown = shown[:397] + "..."
    return html.escape(shown, quote=True)


def _table(rows: Iterable[Sequence[str]], head: Sequence[str] = ()) -> str:
    """A table of cells that are HTML already."""
    lines = []
    if head:
        lines.append("<tr>" + "".join(f'<th style="{_CELL}">{c}</th>' for c in head) + "</tr>")
    for row in rows:
        first, *rest = row
        lines.append(
            f'<tr><th style="{_CELL};text-align:left">{first}</th>'
            + "".join(f'<td style="{_CELL}">{c}</td>' for c in rest)
            + "</tr>"
        )
    return f'<table style="{_STYLE}">{"".join(lines)}</table>'


def _heat(weights: Iterable[Iterable[float]], queries: Sequence[str], keys: Sequence[str]) -> str:
    """A matrix, queries down, keys across; the darker, the heavier."""
    if len(queries) > _MOST or len(keys) > _MOST:
        return f"<i>{len(queries)} × {len(keys)}: too large to draw</i>"
    head = "".join(f'<th style="{_CELL}">{k}</th>' for k in ["", *keys])
    lines = [f"<tr>{head}</tr>"]
    for query, row in zip(queries, weights):
        cells = []
        for weight in row:
            w = float(weight)
            shown = "" if w == 0 else f"{w:.2f}".rstrip("0").rstrip(".")
            cells.append(f'<td style="{_CELL};background:rgba(31,119,180,{w:.3f})" title="{w:.4f}">{shown}</td>')
        lines.append(f'<tr><th style="{_CELL}">{query}</th>{"".join(cells)}</tr>')
    return f'<table style="{_STYLE}">{"".join(lines)}</table>'


def text(shown: str) -> str:
    """Text as it is."""
    return f'<pre style="font-size:12px;line-height:1.25">{html.escape(shown)}</pre>'


def expression(of: _Expression) -> str:
    """An s-op or selector: what it depends on, an operation a line."""
    graph, _ = build(of)
    kind = "selector" if isinstance(of, Selector) else "s-op"
    title = f"{kind} <b>{_text(of.name)}</b>" if of.name else kind
    return f"<div>{title}</div>{text(str(graph))}"


def program(of: Any) -> str:
    """A program in the textual language: its text."""
    return text(of.text)


class SelectorOn:
    """A selector on an example."""

    def __init__(self, selector: Selector, tokens: List[Any], causal: bool) -> None:
        self.selector = selector
        self.tokens = tokens
        self.pattern = selector(tokens, causal=causal)

    def __repr__(self) -> str:
        width = max([len(str(t)) for t in self.tokens], default=1)
        head = " " * width + " " + " ".join(str(t).rjust(width) for t in self.tokens)
        rows = [
            str(t).rjust(width) + " " + " ".join(("■" if s else "·").rjust(width) for s in row)
            for t, row in zip(self.tokens, self.pattern)
        ]
        return "\n".join([head, *rows])

    def _repr_html_(self) -> str:
        title = _text(self.selector.name) if self.selector.name else "selector"
        labels = [_text(t) for t in self.tokens]
        return f"<div>{title}: queries down, keys across</div>{_heat(self.pattern, labels, labels)}"


def run(of: Any) -> str:
    """A run: every readable node beside the input, and each head's pattern."""
    tokens = of.tokens[:_MOST]
    rows = [[_text(name), *(_text(v) for v in values[:_MOST])] for name, values in of.nodes.items()]
    parts = [_table(rows, ["", *(_text(t) for t in tokens)])]
    labels = ["BOS", *(_text(t) for t in of.tokens)]
    computes: Dict[Tuple[int, int], List[str]] = {}
    for node in of.model.circuit.nodes:
        for head in node.heads:
            computes.setdefault(head, []).append(node.name)
    for layer, heads in enumerate(of.patterns):
        for head, pattern in enumerate(heads):
            if (layer, head) in computes:
                title = f"layer {layer} head {head}: {_text(', '.join(computes[layer, head]))}"
                parts.append(f"<div>{title}</div>{_heat(pattern, labels, labels)}")
    return "".join(parts)


def model(of: Any) -> str:
    """A model: its sizes, and what computes each node."""
    c = of.config
    sizes = [
        ["layers × heads", f"{c.n_layers} × {c.n_heads}"],
        ["d_model, d_head, d_mlp", f"{c.d_model}, {c.d_head}, {c.d_mlp}"],
        ["parameters", f"{c.parameters:,}, {c.nonzeros:,} not zero"],
        ["vocabulary", _text(", ".join(str(t) for t in of.vocab[:_MOST]))],
        ["longest input", str(c.max_len)],
        ["mask", "causal" if c.causal else "none"],
    ]
    rows = []
    for node in of.circuit.nodes:
        heads = ", ".join(f"{layer}.{head}" for layer, head in node.heads)
        layers = sorted({layer for layer, _ in node.neurons})
        units = ", ".join(f"{sum(1 for at, _ in node.neurons if at == layer)} in layer {layer}" for layer in layers)
        rows.append([_text(node.name), heads, units, str(len(node.directions))])
    return (
        f"<div>transformer for <b>{_text(of.output)}</b></div>"
        + _table(sizes)
        + _table(rows, ["node", "heads", "neurons", "directions"])
    )


def page(document: str) -> str:
    """A whole page in a frame of its own: its scripts reach nothing of the notebook."""
    source = html.escape(document, quote=True)
    return (
        f'<iframe srcdoc="{source}" sandbox="allow-scripts" title="raspc explore" '
        'style="width:100%;height:80vh;border:1px solid #8884"></iframe>'
    )
