"""Expressions as flat data, so that a pickle of one is no deeper than the program's values.

A pickle holds the Python functions by reference, as pickles do: lambdas cannot be pickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Tuple

if TYPE_CHECKING:
    from raspc.sops import _Expression

__all__ = ["flat", "restored"]


def flat(expression: _Expression) -> Tuple[List[Any], List[Any]]:
    """Operations (kind, operands as indices of handles, detail) and handles (class, operation, names, encoding), operands before
    users; the last handle is the expression."""
    nodes: List[Any] = []
    handles: List[Any] = []
    node_at: Dict[int, int] = {}
    handle_at: Dict[int, int] = {}
    stack = [expression]
    while stack:
        handle = stack[-1]
        node = handle._node
        waiting = [o for o in node.operands if id(o) not in handle_at]
        if waiting:
            stack.extend(reversed(waiting))
            continue
        stack.pop()
        if id(handle) in handle_at:
            continue
        if id(node) not in node_at:
            node_at[id(node)] = len(nodes)
            nodes.append((node.kind, tuple(handle_at[id(o)] for o in node.operands), node.detail))
        handle_at[id(handle)] = len(handles)
        handles.append((type(handle), node_at[id(node)], handle._names, handle._encoding))
    return nodes, handles


def restored(nodes: List[Any], handles: List[Any]) -> _Expression:
    """The expression of flat data."""
    from raspc.sops import _Node, indices, tokens

    made: List[_Expression] = []
    built: Dict[int, _Node] = {}
    for kind, at, names, encoding in handles:
        if at not in built:
            what, operands, detail = nodes[at]
            sources = {"tokens": tokens._node, "indices": indices._node}
            built[at] = sources[what] if what in sources else _Node(what, tuple(made[o] for o in operands), detail)
        made.append(kind(built[at], names, encoding))
    return made[-1]
