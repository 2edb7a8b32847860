"""Words of messages."""

from __future__ import annotations

__all__ = ["counted"]


def counted(n: int, what: str) -> str:
    """``1 layer``, ``2 layers``, ``1,000 inputs``."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"
