"""What the attributes of a node of a program's graph are called."""

from typing import Any, Dict

Node = Dict[str, Any]
NodeID = str

ID = "ID"
"""The node's key in the graph: its expression's label."""
EXPR = "EXPR"
"""The RASP expression."""
MODEL_BLOCK = "MODEL_BLOCK"
"""The block of the Craft model that computes it; absent for what the embedding holds, and for selectors."""
OUTPUT_BASIS = "OUTPUT_BASIS"
"""The directions of the residual stream that hold it, a list of `craft.bases.BasisDirection`."""
VALUE_SET = "VALUE_SET"
"""The values that it can hold, where they are listed."""
