"""Compiled models."""

from __future__ import annotations

import operator
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union, overload

from raspc import _native, links
from raspc._words import counted
from raspc.circuits import Circuit
from raspc.errors import Diagnostic, InterventionError, ModelFileError, UsageError
from raspc.pictures import Picture
from raspc.program import Program
from raspc.runs import BatchRun, Run
from raspc.runtimes import Runtimes
from raspc.sops import Selector, SOp, build, selector_width

if TYPE_CHECKING:
    import numpy

__all__ = ["Config", "Interchange", "InterventionWarning", "Model", "Page", "Verification", "compile"]

Value = Any
Patch = Mapping[str, Union[Sequence[Value], Mapping[int, Value]]]
"""Values by node name: one for each position, or a mapping from some positions to values."""


class InterventionWarning(UserWarning):
    """An intervention is made on the same program compiled at ``opt=0``."""


@dataclass(frozen=True)
class Config:
    """Sizes and switches of a model.

    Attributes:
        n_layers: layers, of one attention and one MLP half each.
        n_heads: heads in every layer.
        d_model: width of the residual stream.
        d_head: width of a head's queries, keys and values.
        d_mlp: hidden units of every MLP.
        max_len: longest input, without BOS; there are ``max_len + 1`` positions.
        causal: whether position q sees keys up to q only.
        bos: text of the token that begins every input.
        pad: text of the token that fills a batch on the right.
        parameters: dense parameters, without W_U.
        nonzeros: weights and biases that are not zero, without W_U.
    """

    n_layers: int
    n_heads: int
    d_model: int
    d_head: int
    d_mlp: int
    max_len: int
    causal: bool
    bos: str
    pad: str
    parameters: int
    nonzeros: int


@dataclass(frozen=True)
class Verification:
    """What :meth:`Model.verify` found. It is true where nothing disagrees.

    Attributes:
        checked: how many inputs.
        exhaustive: whether these were all inputs of 1 to ``max_len`` tokens.
        mismatches: on how many of them something disagrees.
        raised: on how many the program has no defined output.
        nodes: how many nodes were compared, at every position.
        first: the first disagreement: ``input``, ``level``, ``node``, ``position``, ``expected``, ``got``; or None.
        roughly: on how many inputs on which all agrees a number is within the bound of its certificate and no closer.
        first_roughly: the first of these numbers, with what ``first`` has; or None.
        assumptions: what the model rests on that was not proved.
    """

    checked: int
    exhaustive: bool
    mismatches: int
    raised: int
    nodes: int
    first: Optional[Dict[str, Any]]
    roughly: int
    first_roughly: Optional[Dict[str, Any]]
    assumptions: Tuple[str, ...]

    def __bool__(self) -> bool:
        return self.mismatches == 0

    def __str__(self) -> str:
        exhaustive = "the one input" if self.checked == 1 else f"all {self.checked:,} inputs"
        which = exhaustive if self.exhaustive else counted(self.checked, "sampled input")
        if self.first is None:
            nodes = counted(self.nodes, "node")
            mark = "≈" if self.first_roughly else "✓"
            said = f"{mark} interpreter, circuit and transformer agree at {nodes}, at every position, on {which}"
        else:
            f = self.first
            said = (
                f"✗ disagreement on {self.mismatches:,} of {which}; the first: on {f['input']!r} at position "
                f"{f['position']}, {f['level']} level: {f['node']} is {f['got']!r}, should be {f['expected']!r}"
            )
        if self.first_roughly is not None:
            f = self.first_roughly
            said += (
                f"\n  on {counted(self.roughly, 'input')} a number is within the bound that the certificate states for it, and no "
                f"closer; the first: on {f['input']!r} at position {f['position']}: {f['node']} is {f['got']!r}, the "
                f"interpreter says {f['expected']!r}"
            )
        if self.raised:
            said += f"\n  on {self.raised:,} the program has no defined output"
        return "\n  assumes: ".join([said, *self.assumptions])


@dataclass(frozen=True)
class Interchange:
    """What :meth:`Model.check_interchange` showed. It is true unless interpreter and transformer disagree.

    Attributes:
        node: the node.
        status: ``"agrees"``: at every named node and position; ``"differs"``; ``"raised"``: the program has no defined output
            with this patch; ``"unreachable"``: the patch makes a node hold what no input makes it hold, and nothing in the
            transformer stands for it.
        detail: what differs, was raised, or is unreachable; empty where all agrees.
        expected: the interpreter's output, or None where it has none.
        got: the transformer's output.
        opt: the optimisation level of the model that was run: 0 where the node has no subspace of its own at 1.
    """

    node: str
    status: str
    detail: str
    expected: Optional[List[Value]]
    got: List[Value]
    opt: int

    def __bool__(self) -> bool:
        return self.status != "differs"


class Weights(Mapping[str, "numpy.ndarray"]):
    """Every tensor by its TransformerLens name, dense, made when first asked for.

    ``embed.W_E [d_vocab, d_model]``, ``pos_embed.W_pos [max_len + 1, d_model]``, for each layer l ``blocks.l.attn.W_Q``,
    ``W_K``, ``W_V`` ``[n_heads, d_model, d_head]``, ``W_O [n_heads, d_head, d_model]``, ``b_Q``, ``b_K``, ``b_V [n_heads, d_head]``,
    ``b_O [d_model]``, ``blocks.l.mlp.W_in [d_model, d_mlp]``, ``b_in [d_mlp]``, ``W_out [d_mlp, d_model]``, ``b_out [d_model]``, and
    ``unembed.W_U [d_model, d_vocab_out]``, ``b_U``. They are for a runtime that does not divide scores by √d_head. The arrays are
    read-only: the model would not know of a change (``.copy()`` gives one to change).
    """

    def __init__(self, native: _native.Model) -> None:
        self._native = native
        self._tensors: Optional[Dict[str, "numpy.ndarray"]] = None

    def _all(self) -> Dict[str, "numpy.ndarray"]:
        if self._tensors is None:
            self._tensors = self._native.tensors()
            for array in self._tensors.values():
                array.flags.writeable = False
        return self._tensors

    def __getitem__(self, name: str) -> "numpy.ndarray":
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __reduce__(self) -> Tuple[Any, ...]:
        # A pickle or deep copy holds the arrays, and nothing of the model.
        return dict, (dict(self._all()),)

    def __repr__(self) -> str:
        return "\n".join(f"{name} {list(t.shape)}" for name, t in self.items())


class Model(Runtimes):
    """A transformer compiled from a program.

    >>> model = raspc.compile(ordered, vocab=range(5), max_len=5)
    >>> model([3, 1, 2])
    [1, 2, 3]
    """

    def __init__(self, native: _native.Model, opt: Optional[int] = None) -> None:
        self._native = native
        self._opt = opt
        self._weights = Weights(native)
        self._twin: Optional[Model] = None
        self._circuit: Optional[Circuit] = None
        self._graph = native.graph
        self._readouts: List[Dict[str, Any]] = native.readouts

    # A model does not change: a copy is the model itself. A pickle holds the files of its folder.

    def __copy__(self) -> "Model":
        return self

    def __deepcopy__(self, memo: Dict[int, Any]) -> "Model":
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        files = self._native.files()
        for token, left in zip(self.vocab, _native.Model.from_files(dict(files)).vocab):
            if token != left:
                message = f"the token {token!r} would be {left!r} after pickling: of such tokens a model's files keep the text"
                raise UsageError(message, hint="use tokens that are numbers, strings or literals, such as tuples of these")
        return _from_files, (files, self._opt)

    # What it is.

    @property
    def config(self) -> Config:
        """Sizes and switches."""
        return Config(**self._native.config)

    @property
    def vocab(self) -> List[Value]:
        """The tokens in the order of their ids; then come BOS and PAD."""
        return self._native.vocab

    @property
    def residual_labels(self) -> List[str]:
        """A label for each direction of the residual stream: ``sorted:3``, ``target_pos``."""
        return self._native.labels

    @property
    def nodes(self) -> List[str]:
        """The names of the s-ops that can be read from the residual stream."""
        return [r["name"] for r in self._readouts]

    @property
    def output(self) -> str:
        """The name of the s-op that the model computes."""
        return str(self._readouts[self._native.output_readout]["name"])

    @property
    def output_tokens(self) -> List[Value]:
        """The value of each column of W_U; empty where the output is a number."""
        return [value for value, _ in self._readouts[self._native.output_readout].get("classes", [])]

    @property
    def assumptions(self) -> List[str]:
        """What the model rests on that was not proved; :meth:`verify` checks it."""
        return self._native.assumptions

    @property
    def warnings(self) -> List[Diagnostic]:
        """The compiler's warnings."""
        return self._native.warnings

    @property
    def weights(self) -> Mapping[str, "numpy.ndarray"]:
        """Every tensor by its TransformerLens name; see :class:`Weights` for the shapes."""
        return self._weights

    @property
    def circuit(self) -> Circuit:
        """Ground truth: which heads, neurons and directions compute each node, and what feeds what."""
        if self._circuit is None:
            self._circuit = Circuit.from_json(self._native.circuit, self.config)
        return self._circuit

    # Running it.

    def __call__(self, tokens: Iterable[Value]) -> List[Value]:
        """The output at each position, decoded; for a batch (a list of lists) a list of outputs."""
        if _is_batch(tokens):
            runs = self._native.run_batch([self._native.ids(t) for t in tokens], residuals=False, patterns=False, mlp=False)
            return [run.output()[: len(t)] for run, t in zip(runs, tokens)]
        return self._native.run(self._native.ids(tokens), residuals=False, patterns=False, mlp=False).output()

    @overload
    def run(self, tokens: Sequence[List[Value]]) -> BatchRun: ...

    @overload
    def run(
        self, tokens: Iterable[Value], *, patch: Optional[Patch] = None, ablate: Optional[Iterable[Tuple[int, int]]] = ()
    ) -> Run: ...

    def run(
        self, tokens: Iterable[Value], *, patch: Optional[Patch] = None, ablate: Optional[Iterable[Tuple[int, int]]] = ()
    ) -> Union[Run, BatchRun]:
        """Runs the transformer and keeps everything: residuals, attention patterns, activations, logits.

        Args:
            tokens: an input, or a batch of inputs of any lengths: a list of lists.
            patch: for nodes by name what they hold instead: a value for each position, or a mapping from positions to values.
                The node's subspace of the residual stream is overwritten where it is complete. A node that has no subspace of its
                own at ``opt=1`` is patched in the same program compiled at ``opt=0`` (:attr:`Run.model`), with a warning.
            ablate: heads, as (layer, head), that write nothing.

        Raises:
            InputError: a token outside the vocabulary, too many tokens.
            InterventionError: a node or head that does not exist, or a value that the node cannot hold.
        """
        heads = _heads(ablate)
        if _is_batch(tokens):
            if patch or heads:
                raise UsageError("interventions are on one input at a time", hint="call `run` for each input")
            lists = [list(t) for t in tokens]
            runs = self._native.run_batch([self._native.ids(t) for t in lists])
            return BatchRun([Run(r, self, t) for r, t in zip(runs, lists)])
        tokens = _listed(tokens)
        ids = self._native.ids(tokens)
        model = self
        patches: List[Tuple[int, int, int, float]] = []
        _check_patch(patch)
        if patch:
            model, patches = self._patches(patch, len(ids), bool(heads))
        return Run(model._native.run(ids, patches=patches, ablate=heads), model, tokens)

    def _patches(self, patch: Patch, n: int, ablated: bool) -> Tuple["Model", List[Tuple[int, int, int, float]]]:
        filled = {name: self._positions(name, values, n) for name, values in patch.items()}
        unheld = [name for name in filled if self._native.unheld(self._node(name)) is not None]
        model = self
        if unheld:
            why = self._native.unheld(self._node(unheld[0]))
            if self._opt == 0 or ablated:
                hint = "at `opt=0` every s-op has a subspace of its own"
                raise InterventionError(f"{unheld[0]!r} cannot be patched alone: {why}", node=unheld[0], hint=hint)
            model = self.at_o0()
            import warnings

            warnings.warn(
                f"{unheld[0]!r} cannot be patched alone: {why}; the run is of the same program at opt=0",
                InterventionWarning,
                stacklevel=4,
            )
        patches: List[Tuple[int, int, int, float]] = []
        for name, values in filled.items():
            for position, value in values.items():
                patches.extend(model._native.patch(model._node(name), position, value))
        return model, patches

    def _positions(self, name: str, values: Any, n: int) -> Dict[int, Value]:
        if isinstance(values, Mapping):
            return {self._position(name, position, n): value for position, value in values.items()}
        try:
            listed = list(values)
        except TypeError:
            message = f"the patch of {name!r} is {values!r}"
            raise InterventionError(message, node=name, hint="give a value for each position, or a mapping") from None
        if len(listed) != n:
            message = f"the patch of {name!r} has {counted(len(listed), 'value')}, the input {counted(n, 'token')}"
            raise InterventionError(message, node=name, hint="give a value for each position, or a mapping from positions")
        return dict(enumerate(listed))

    @staticmethod
    def _position(name: str, position: Any, n: int) -> int:
        try:
            index = operator.index(position)
        except TypeError:
            index = -1
        if not 0 <= index < n:
            hint = "positions count from 0, without BOS"
            raise InterventionError(f"the input has no position {position!r}", node=name, hint=hint)
        return index

    def _node(self, name: str) -> int:
        """The node of a name."""
        for readout in self._readouts:
            if readout["name"] == name or name in self._graph.names(readout["node"]):
                return int(readout["node"])
        message, hint = f"the model has no node {name!r}", f"it has {', '.join(self.nodes)}"
        raise InterventionError(message, node=str(name), hint=hint)

    def at_o0(self) -> "Model":
        """The same program compiled at ``opt=0``, where every s-op has a subspace of its own. Compiled once."""
        if self._opt == 0:
            return self
        if self._twin is None:
            self._twin = Model(self._native.recompile(0), 0)
        return self._twin

    def interpret(self, tokens: Iterable[Value], *, patch: Optional[Patch] = None) -> Dict[str, List[Value]]:
        """What the reference interpreter says of every readable node on an input, by name.

        ``patch`` says what some nodes hold instead, as for :meth:`run`. Nodes without a value on this input are left out,
        unless it is the output that has none.
        """
        tokens = _listed(tokens)
        patched: Dict[int, List[Value]] = {}
        _check_patch(patch)
        if patch:
            plain = self._graph.interpret(tokens)
            for name, values in patch.items():
                node = self._node(name)
                filled = self._positions(name, values, len(tokens))
                column = [None] * len(tokens) if len(filled) == len(tokens) else plain.values(node)
                column = [filled.get(i, v) for i, v in enumerate(column)]
                # Equal operations that became one node are patched together, as in the transformer.
                patched.update({same: column for same in self._native.same(node)})
        trace = self._graph.interpret(tokens, patched)
        trace.values(self._native.output)
        return {r["name"]: trace.values(r["node"]) for r in self._readouts if trace.error(r["node"]) is None}

    def check_interchange(self, a: Iterable[Value], b: Iterable[Value], node: str) -> Interchange:
        """The interchange intervention: interpreter and transformer run on ``a`` while ``node`` holds what it holds on ``b``,
        and are compared at every named node and position.

        Args:
            a: an input.
            b: an input of the same length.
            node: the node's name.
        """
        a, b = _listed(a), _listed(b)
        first, second = self._native.ids(a), self._native.ids(b)
        if len(first) != len(second):
            message = f"one input has {counted(len(first), 'token')}, the other {counted(len(second), 'token')}"
            raise InterventionError(message, hint="an interchange is between inputs of one length")
        model, opt = self, self._opt if self._opt is not None else 1
        if self._native.unheld(self._node(node)) is not None and self._opt != 0:
            model, opt = self.at_o0(), 0
        found = model._native.check_interchange(first, second, model._node(node))
        return Interchange(node=node, opt=opt, **found)

    # Looking at it.

    def verify(self, inputs: int = 10_000, seed: int = 0) -> Verification:
        """Whether interpreter, circuit and transformer agree at every readable node and position.

        Args:
            inputs: all inputs are checked where there are at most so many, else a sample of this size.
            seed: of the sample.
        """
        found = self._native.verify(_whole("the number of inputs", inputs, 1), _whole("the seed", seed, 0))
        return Verification(**found, assumptions=tuple(self.assumptions))

    def explain(self, stage: Optional[str] = None) -> "Explanation":
        """The six steps from program to weights in words and tables; or one ``stage``: ``"graph"``, ``"encoded"``,
        ``"circuit"``, ``"schedule"`` or ``"model"``."""
        return Explanation(self._native.explain(stage))

    def explore(self, *inputs: Iterable[Value]) -> "Page":
        """The explorer: one self-contained page with the six steps as linked views and the model running in it.

        Args:
            inputs: token sequences to begin with; more can be typed into the page.

        Returns:
            The page's HTML. It shows inline in a notebook; ``page.save("model.html")`` writes it.

        Raises:
            InputError: a token that is not in the vocabulary, or too many of them.
        """
        return Page(self._native.explore(self.output, [list(tokens) for tokens in inputs]))

    def playground_link(self, base: str, tokens: Optional[Iterable[Value]] = None) -> str:
        """A link to the playground with this model's program, vocabulary and length in it.

        Args:
            base: where the site is published, as in ``"https://example.org/raspc/"``; ``cargo xtask site`` writes its folder.
            tokens: the input to begin with.

        Returns:
            The address. What it carries stands in its fragment, which no server sees.

        Raises:
            UsageError: a program that has no text, since a Python function is part of it; a vocabulary with values that text
                does not write.
        """
        return base + links.fragment(self, None if tokens is None else list(tokens))

    def draw(self, view: str = "flow", tokens: Optional[Iterable[Value]] = None) -> Picture:
        """A picture, which shows itself in a notebook.

        Args:
            view: ``"flow"`` (the program on an input), ``"graph"``, ``"layers"``, ``"residual"``, ``"attention"`` (each head's pattern
                on an input) or ``"weights"``.
            tokens: the input of ``"flow"`` and ``"attention"``.
        """
        return Picture(*self._native.draw(view, None if tokens is None else list(tokens)))

    def __repr__(self) -> str:
        c = self.config
        return (
            f"<Model {self.output}: {counted(c.n_layers, 'layer')} of {counted(c.n_heads, 'head')}, d_model {c.d_model}, "
            f"d_head {c.d_head}, d_mlp {c.d_mlp}, {counted(len(self.vocab), 'token')}, max_len {c.max_len}>"
        )

    def _repr_html_(self) -> str:
        from raspc import _html

        return _html.model(self)

    # Files.

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes the model's folder: config, weights as safetensors, the program's graph, the ground-truth circuit.

        All of it is written or nothing. A folder that holds an older model is replaced; anything else is left alone.
        Tokens that are no numbers or strings are kept by their ``repr``; literals (tuples, bytes, …) come back as they were.
        """
        import shutil
        import tempfile

        target = Path(path)
        names = self._native.file_names()
        if target.exists() or target.is_symlink():
            inside = {p.name for p in target.iterdir()} if target.is_dir() and not target.is_symlink() else {"?"}
            if inside and (names[0] not in inside or not inside <= set(names)):
                message = f"{str(target)!r} is there, and is no model's folder"
                raise ModelFileError(message, hint="choose another place, or remove it")
        target.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            for name, data in self._native.files().items():
                (new / name).write_bytes(data)
            new.chmod(0o755)
            old = None
            if target.exists():
                old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent)) / "old"
                os.replace(target, old)
            os.replace(new, target)
            if old is not None:
                shutil.rmtree(old.parent)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise

    @classmethod
    def load(cls, path: Union[str, "os.PathLike[str]"]) -> "Model":
        """Reads a model's folder, from wherever it comes: damage is an error, and nothing in it is executed.

        Raises:
            ModelFileError: a folder that is damaged, incomplete, or of another format.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise ModelFileError(f"there is no folder {str(folder)!r}", hint="`model.save(path)` writes one")
        files: Dict[str, Union[bytes, bytearray]] = {}
        for name in _native.Model.file_names():
            if (folder / name).is_file():
                files[name] = (folder / name).read_bytes()
        return cls(_native.Model.from_files(files))


def _from_files(files: Dict[str, bytes], opt: Optional[int]) -> Model:
    return Model(_native.Model.from_files(dict(files)), opt)


def _check_patch(patch: Any) -> None:
    if patch is not None and not isinstance(patch, Mapping):
        raise UsageError(f"a patch maps names of nodes to values, and is no {type(patch).__name__}", hint=_PATCH_HINT)


_PATCH_HINT = 'as in `patch={"target_pos": [0, 1, 2]}`'


class Explanation(str):
    """Text that shows as it is, in a console and in a notebook."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from raspc import _html

        return _html.text(self)


class Page(str):
    """A page as HTML: shown inline in a notebook, or saved as a file."""

    def __repr__(self) -> str:
        return f"<Page of {len(self):,} characters: `save(path)` writes it>"

    def _repr_html_(self) -> str:
        from raspc import _html

        return _html.page(self)

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Writes the page, which needs no network and no other file."""
        Path(path).write_text(str(self), encoding="utf-8")


def _listed(tokens: Iterable[Value]) -> List[Value]:
    try:
        return list(tokens)
    except TypeError:
        hint = "a list, a string (its characters), a range, an array"
        raise UsageError(f"an input is a sequence of tokens, not {tokens!r}", hint=hint) from None


def _is_batch(tokens: Any) -> bool:
    """A batch is a list (or tuple) of lists: lists cannot be tokens. An array of two axes is a batch too."""
    if getattr(tokens, "ndim", 1) == 2:
        return True
    if not isinstance(tokens, (list, tuple)) or not tokens:
        return False
    lists = [isinstance(t, list) or getattr(t, "ndim", 0) == 1 for t in tokens]
    return all(lists)


def _heads(ablate: Optional[Iterable[Tuple[int, int]]]) -> List[Tuple[int, int]]:
    if ablate is not None and not isinstance(ablate, Iterable):
        raise UsageError(f"heads are ablated by a list of them, not {ablate!r}", hint="as in `ablate=[(0, 1)]`")
    heads = []
    for head in ablate or ():
        try:
            layer, index = (operator.index(n) for n in head)
        except (TypeError, ValueError):
            raise InterventionError(f"{head!r} is no head", hint="heads are pairs (layer, head)") from None
        if not 0 <= min(layer, index) <= max(layer, index) < 2**32:
            raise InterventionError(f"{head!r} is no head", hint="layers and heads count from 0; see `model.config`")
        heads.append((layer, index))
    return heads


def _whole(what: str, value: Any, least: int) -> int:
    """A whole number that the native half can take."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise UsageError(f"{what} is {value!r}", hint=f"a whole number from {least} on")
    return min(number, 2**63 - 1)


def _check_options(opt: Any, texts: Mapping[str, Any], limits: Any) -> None:
    if not hasattr(opt, "__index__") or operator.index(opt) not in (0, 1):
        raise UsageError(f"there is no optimisation level {opt!r}", hint="`opt` is 0 or 1")
    for name, text in texts.items():
        if not isinstance(text, str):
            raise UsageError(f"`{name}` is a text, not {text!r}", hint=f'as in `{name}="compiler_{name}"`')
    if limits is not None and not (isinstance(limits, Mapping) and all(isinstance(name, str) for name in limits)):
        raise UsageError(f"limits are numbers by name, not {limits!r}", hint='as in `limits={"units": 10_000}`')


def compile(
    program: Union[SOp, Selector, Program],
    vocab: Optional[Iterable[Value]] = None,
    max_len: Optional[int] = None,
    *,
    causal: bool = False,
    opt: int = 1,
    bos: str = "compiler_bos",
    pad: str = "compiler_pad",
    limits: Optional[Mapping[str, int]] = None,
) -> Model:
    """Compiles a program into a transformer that computes exactly what it says, or raises.

    Args:
        program: an s-op, or a program in the textual language (its output is compiled).
        vocab: the tokens, any hashable values; a string is its characters. By default what the program says.
        max_len: longest input, without BOS. By default what the program says.
        causal: whether position q sees keys up to q only.
        opt: 1 makes the model small and keeps every named s-op readable; at 0 every s-op, named or not, has a labelled
            subspace of the residual stream.
        bos: text of the token that begins every input.
        pad: text of the token that fills a batch.
        limits: budgets: ``values`` that are enumerated for one node, ``units`` of one MLP, ``bytes`` of sparse weights.

    Raises:
        CompileError: what cannot be compiled exactly: which node, and why. Where a Python function raised, it is the cause.
    """
    if isinstance(program, Program):
        vocab = program.vocab if vocab is None else vocab
        max_len = program.max_len if max_len is None else max_len
        if program.output is None:
            raise UsageError("the program defines no s-op and no selector", code="E0905", hint="end it in an s-op")
        program = program.output
    if isinstance(program, Selector):
        program = selector_width(program)
    if not isinstance(program, SOp):
        hint = "s-ops come from `raspc.tokens` and the like, programs from `raspc.parse` and `raspc.load`"
        raise UsageError(f"a program is an s-op, not {type(program).__name__}", hint=hint)
    if vocab is None:
        raise UsageError("nothing says what the vocabulary is", hint='as in `vocab="abc"` or `vocab=range(5)`')
    if max_len is None:
        raise UsageError("nothing says how long inputs may be", hint="as in `max_len=8`")
    _check_options(opt, {"bos": bos, "pad": pad}, limits)
    given = None if limits is None else {name: _whole(f"the limit `{name}`", limit, 0) for name, limit in limits.items()}
    graph, node = build(program, causal)
    native = graph.compile(node, vocab, max_len, opt=opt, bos=bos, pad=pad, limits=given)
    return Model(native, opt)
