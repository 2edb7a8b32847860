# Written by tests/python/stubs.py from the native module; do not edit.
"""
The native half of the package: graphs, models and runs. What users import is `raspc`.
"""

from _typeshed import Incomplete, SupportsGetItem
from os import PathLike
from typing import Any, Final, SupportsFloat, SupportsIndex, final

__all__ = ["__version__", "Graph", "Model", "Program", "Run", "Trace", "cli", "export_formats", "model_bytes", "standard_programs", "write_model"]

__version__: Final[str]
"""
The version of raspc.
"""

@final
class Graph:
    """
    A computational graph. Nodes are numbers, operands before users.
    """
    def __len__(self, /) -> int: ...
    def __new__(cls, /, causal: bool = False) -> Graph:
        """
        An empty graph; with `causal`, position q sees keys up to q only.
        """
    def __str__(self, /) -> str:
        """
        The graph as text, a line a node.
        """
    def aggregate(self, /, selector: SupportsIndex, values: SupportsIndex, default: Any) -> int:
        """
        The value at the selected key; the mean of several numbers; the default where nothing is selected.
        """
    def annotate(self, /, id: SupportsIndex, encoding: str | None) -> None:
        """
        Asks for an encoding: `"categorical"`, `"numerical"`, `"onehot"` (which assumes nothing), or None for whichever fits.
        """
    def apply(self, /, expression: Any, args: SupportsGetItem[int, SupportsIndex]) -> int:
        """
        A built-in expression of s-ops: nested tuples `("arg", i)`, `("const", v)`, `("neg", e)`, `("+", e, e)`,
        `("if", cond, then, otherwise)`, `("in", e, values)`.
        """
    def both(self, /, a: SupportsIndex, b: SupportsIndex) -> int:
        """
        Both select.
        """
    @property
    def causal(self, /) -> bool:
        """
        Whether position q sees keys up to q only.
        """
    def compile(self, /, output: SupportsIndex, vocab: Any, max_len: Any, *, opt: SupportsIndex = 1, bos: str = "compiler_bos", pad: str = "compiler_pad", limits: "dict[str, int] | None" = None) -> Model:
        """
        Compiles an s-op into a transformer.
        """
    def constant(self, /, value: Any) -> int:
        """
        The same value at each position.
        """
    def describe(self, /, id: SupportsIndex) -> str:
        """
        What a node is called: its first name, else the expression it stands for.
        """
    def draw(self, /, output: SupportsIndex, tokens: Any | None = None) -> tuple[str, str]:
        """
        A picture of an s-op as (SVG, text for Graphviz): the computational graph, or its flow on an input.
        """
    def either(self, /, a: SupportsIndex, b: SupportsIndex) -> int:
        """
        One or both select.
        """
    def include(self, /, other: Graph, id: SupportsIndex, known: "dict[int, int]") -> int:
        """
        Copies a node of another graph, and what it depends on, with names and places. `known` says which of the other's nodes are
        here already, and is added to.
        """
    def indices(self, /) -> int:
        """
        0, 1, 2, …
        """
    def interpret(self, /, tokens: Any, patches: "dict[int, Any] | None" = None) -> Trace:
        """
        What every node holds on an input; `patches` (values by node) overwrite some s-ops.
        """
    def inverse(self, /, a: SupportsIndex) -> int:
        """
        Does not select.
        """
    def is_selector(self, /, id: SupportsIndex) -> bool:
        """
        Whether a node is a selector.
        """
    def map(self, /, function: Any, args: SupportsGetItem[int, SupportsIndex], name: str | None = None) -> int:
        """
        A Python function of s-ops, element by element; none in, none out. It is called once for each tuple of arguments.
        """
    def name(self, /, id: SupportsIndex, name: str) -> None:
        """
        Gives a node a (further) name.
        """
    def names(self, /, id: SupportsIndex) -> list[str]:
        """
        The names of a node.
        """
    def operands(self, /, id: SupportsIndex) -> list[int]:
        """
        The nodes a node reads, in order.
        """
    def operation(self, /, id: SupportsIndex) -> str:
        """
        What a node does: `tokens`, `indices`, `const`, `map`, `select`, `and`, `or`, `not`, `aggregate`, `selector_width`.
        """
    def select(self, /, keys: SupportsIndex, queries: SupportsIndex, predicate: Any, name: str | None = None) -> int:
        """
        The selector `keys[k] comparison queries[q]`; `predicate` is a comparison (`"=="`, `"<"`, …) or a Python function of
        key and query, called once for each pair of values.
        """
    def selector_width(self, /, selector: SupportsIndex) -> int:
        """
        How many keys are selected.
        """
    def tokens(self, /) -> int:
        """
        The input.
        """
    def unparse(self, /, node: SupportsIndex) -> str:
        """
        RASP text of a program whose output is the node; what has no text is the exception's message.
        """

@final
class Model:
    """
    A compiled model.
    """
    @property
    def assumptions(self, /) -> list[str]:
        """
        What the model rests on that was not proved.
        """
    def check_interchange(self, /, a: SupportsGetItem[int, SupportsIndex], b: SupportsGetItem[int, SupportsIndex], node: SupportsIndex) -> "dict[str, Any]":
        """
        Runs interpreter and transformer on `a` while a node holds what it holds on `b`: a dictionary with `status`, `detail`,
        `expected` and `got`.
        """
    @property
    def circuit(self, /) -> str:
        """
        Ground truth as JSON text: nodes with their heads, neurons and directions, and edges between components.
        """
    @property
    def config(self, /) -> dict[str, Any]:
        """
        `n_layers`, `n_heads`, `d_model`, `d_head`, `d_mlp`, `max_len`, `causal`, `bos`, `pad`, `parameters`, `nonzeros`.
        """
    def draw(self, /, view: str, tokens: Any | None = None) -> tuple[str, str]:
        """
        A picture as (SVG, text for Graphviz): `flow`, `graph`, `layers`, `residual`, `attention` or `weights`; the views of a run
        need an input.
        """
    def explain(self, /, stage: str | None = None) -> str:
        """
        The six steps of the compilation in words and tables, or one stage as text: `graph`, `encoded`, `circuit`,
        `schedule` or `model`.
        """
    def explore(self, /, name: str, inputs: SupportsGetItem[int, Any]) -> str:
        """
        The explorer's page as HTML: the compilation in six linked views, and the model running on these inputs (token
        lists) and on whatever is typed into it.
        """
    @staticmethod
    def file_names() -> list[str]:
        """
        The names of a model folder's files.
        """
    def files(self, /) -> "dict[str, bytes]":
        """
        The files of a model folder, as bytes.
        """
    @staticmethod
    def from_files(files: dict[str, bytes | bytearray]) -> Model:
        """
        Reads a model from its files: a dictionary from file names to bytes.
        """
    @property
    def graph(self, /) -> Graph:
        """
        The program's graph.
        """
    def ids(self, /, tokens: Any) -> list[int]:
        """
        The ids of tokens, without BOS.
        """
    @property
    def labels(self, /) -> list[str]:
        """
        A label for each direction of the residual stream.
        """
    @property
    def output(self, /) -> int:
        """
        The node of the graph that the model's output is.
        """
    @property
    def output_readout(self, /) -> int:
        """
        The index of the output among the read-outs.
        """
    def patch(self, /, node: SupportsIndex, position: SupportsIndex, value: Any) -> list[tuple[int, int, int, float]]:
        """
        What overwrites a node at a position (counted without BOS): (after, position with BOS as 0, direction, value).
        """
    @property
    def readouts(self, /) -> list[dict[str, Any]]:
        """
        How each named node is read from the residual stream: dictionaries with `node`, `name`, `after` (the half-layer: 0 the
        embedding, 2l+1 attention l, 2l+2 MLP l), `kind`, and either `classes` (value, form) or `value`, `defined`, `bound` and
        `values`. A form is a list of (direction, weight).
        """
    def recompile(self, /, opt: SupportsIndex) -> Model:
        """
        The same program compiled again at another optimisation level.
        """
    def run(self, /, ids: SupportsGetItem[int, SupportsIndex], *, residuals: bool = True, patterns: bool = True, mlp: bool = True, patches: SupportsGetItem[int, tuple[SupportsIndex, SupportsIndex, SupportsIndex, SupportsFloat | SupportsIndex]] = ..., ablate: SupportsGetItem[int, tuple[SupportsIndex, SupportsIndex]] = ...) -> Run:
        """
        Runs the model on ids without BOS. `patches` are (after, position with BOS as 0, direction, value), `ablate` heads as
        (layer, head) that write nothing.
        """
    def run_batch(self, /, batch: SupportsGetItem[int, SupportsGetItem[int, SupportsIndex]], *, residuals: bool = True, patterns: bool = True, mlp: bool = True) -> list[Run]:
        """
        Runs the model on inputs padded with PAD to one length; padded keys get weight exactly 0.
        """
    def same(self, /, node: SupportsIndex) -> list[int]:
        """
        The nodes of the graph that became one with this, itself among them.
        """
    def tensors(self, /) -> "dict[str, Any]":
        """
        Every tensor by its TransformerLens name, dense, as f32 arrays.
        """
    def unheld(self, /, node: SupportsIndex) -> str | None:
        """
        Why a node cannot be patched in this model alone, or None.
        """
    def verify(self, /, inputs: SupportsIndex, seed: SupportsIndex) -> "dict[str, Any]":
        """
        Whether interpreter, circuit and transformer agree: all inputs where there are at most `inputs`, else a sample.
        A dictionary with `checked`, `exhaustive`, `mismatches`, `raised`, `nodes`, `first`, `roughly` and `first_roughly`.
        """
    @property
    def vocab(self, /) -> list[Any]:
        """
        The tokens, in the order of their ids, without BOS (the next id) and PAD (the one after).
        """
    @property
    def warnings(self, /) -> list[Any]:
        """
        The compiler's warnings.
        """

@final
class Program:
    """
    A program: its graph and what its text says beside it.
    """
    @property
    def bindings(self, /) -> list[tuple[str, int]]:
        """
        Names of s-ops and selectors, in the order of their definition.
        """
    @property
    def example(self, /) -> list[Any] | None:
        """
        The example of `set example`.
        """
    @property
    def graph(self, /) -> Graph:
        """
        The graph.
        """
    @property
    def max_len(self, /) -> int | None:
        """
        The length of `# max_len:`.
        """
    @property
    def output(self, /) -> int | None:
        """
        What is defined last.
        """
    @staticmethod
    def read(name: str, text: str, *, causal: bool = False, snippet: bool = False, folders: SupportsGetItem[int, str | PathLike[str]] = ...) -> Program:
        """
        Reads a program; what it loads lies in the first of the folders that has it. A `snippet` also knows the functions
        of the standard programs, and its last `;` may be missing.
        """
    @property
    def vocab(self, /) -> list[Any] | None:
        """
        The vocabulary of `# vocab:`.
        """
    @property
    def warnings(self, /) -> list[Any]:
        """
        Diagnostics that are warnings.
        """

@final
class Run:
    """
    What a run computed. Position 0 is BOS.
    """
    @property
    def ids(self, /) -> list[int]:
        """
        The id at each position, BOS first.
        """
    def last(self, /) -> Incomplete:
        """
        The residual stream at the end, `[position, d_model]`.
        """
    def logits(self, /) -> Any:
        """
        The logits, `[position, d_vocab_out]`: a column for each form of the output.
        """
    def mlp(self, /) -> "list[Any]":
        """
        The hidden activations of each layer after ReLU, a list of arrays `[position, d_mlp]`.
        """
    def node(self, /, readout: SupportsIndex) -> "list[Any] | None":
        """
        What a read-out (by its index) gives at each position, without BOS; None where its residual was not kept.
        """
    def output(self, /) -> "list[Any]":
        """
        The output at each position, without BOS.
        """
    def patterns(self, /) -> "list[Any]":
        """
        The attention weights of each layer, a list of arrays `[head, query, key]`.
        """
    def residuals(self, /) -> "list[Any]":
        """
        The residual stream after the embedding and after each half-layer: a list of `2 * n_layers + 1` arrays
        `[position, d_model]`.
        """
    def scores(self, /) -> "list[Any]":
        """
        The attention scores of each layer before softmax, a list of arrays `[head, query, key]`; masked keys hold -inf.
        """

@final
class Trace:
    """
    What every node holds on one input.
    """
    def error(self, /, id: SupportsIndex) -> str | None:
        """
        The error that left a node without a value on this input, or None.
        """
    def pattern(self, /, id: SupportsIndex) -> Incomplete:
        """
        The pattern of a selector, `[query, key]`; raises where it has none on this input.
        """
    def values(self, /, id: SupportsIndex) -> "list[Any]":
        """
        The values of an s-op, one a position; raises where it has none on this input.
        """

def cli(words: SupportsGetItem[int, str]) -> int:
    """
    Runs the command line with these words (the program's own name first) and gives the exit status.
    """

def export_formats() -> list[tuple[str, str]]:
    """
    The formats: names and what they are.
    """

def model_bytes(model: Model, format: str) -> "dict[str, bytes]":
    """
    The files of an export as a dictionary from names to bytes.
    """

def standard_programs() -> list[tuple[str, str, str]]:
    """
    The standard programs: name, summary and source of each.
    """

def write_model(model: Model, format: str, path: str | PathLike[str]) -> list[tuple[str, int]]:
    """
    Writes a model to a file or folder, whole or not at all; gives names and lengths of the files.
    """
