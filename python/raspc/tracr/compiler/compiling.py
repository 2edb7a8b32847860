"""From a RASP program to a model, in one call."""

import collections.abc
from typing import Any, Iterable, List, Optional, Tuple

import raspc.errors
from raspc.tracr import _settings
from raspc.tracr.compiler import assemble, basis_inference
from raspc.tracr.compiler._lowering import Concessions, Functions, Lowered, Lowering
from raspc.tracr.compiler._stream import Sources, Stream, basis_direction
from raspc.tracr.compiler.assemble import TracrOutput  # noqa: F401
from raspc.tracr.craft import bases
from raspc.tracr.rasp import rasp
from raspc.tracr.rasp._evaluate import operands_first
from raspc.tracr.transformer import encoder

COMPILER_BOS = "compiler_bos"
COMPILER_PAD = "compiler_pad"


def compile_rasp_to_model(
    program: rasp.SOp,
    vocab: Iterable[rasp.Value],
    max_seq_len: int,
    causal: bool = False,
    compiler_bos: Any = COMPILER_BOS,
    compiler_pad: Any = COMPILER_PAD,
    mlp_exactness: float = 100,
    return_craft_model: bool = False,
) -> assemble.AssembledTransformerModel:
    """Compiles a program.

    `vocab` holds the tokens, `max_seq_len` counts them without BOS. `mlp_exactness` and `return_craft_model` are there for
    code that gives them: thresholds are made from the values' actual gaps, and the result always has `craft_model`.

    Raises ValueError for a vocabulary or length that cannot be, NotImplementedError for what cannot be compiled, and
    `raspc.errors.CompileError` (naming s-op, reason and what to do) where values are too many or too close for f32. Where
    one of the program's functions raised, the exception is of that type too.
    """
    del mlp_exactness, return_craft_model
    if not isinstance(program, rasp.SOp):
        hint = "; rasp.SelectorWidth counts what it selects" if isinstance(program, rasp.Selector) else ""
        raise TypeError(f"an s-op is compiled, got {program!r}{hint}")
    tokens = _vocabulary(vocab, compiler_bos, compiler_pad)
    _check_length(max_seq_len)
    rasp_labels(program)
    lowered, native = _compile(program, tokens, int(max_seq_len), causal)
    stream = Stream(native, lowered, Sources(tokens, compiler_bos, compiler_pad, int(max_seq_len)))
    undefined = _settings.CURRENT.undefined
    return assemble.AssembledTransformerModel(
        native=native,
        lowered=lowered,
        stream=stream,
        program=program,
        input_encoder=_input_encoder(tokens, compiler_bos, compiler_pad, int(max_seq_len)),
        output_encoder=_output_encoder(program, native, undefined),
        undefined=undefined,
        max_seq_len=int(max_seq_len),
    )


def rasp_labels(program: rasp.RASPExpr) -> List[str]:
    """The labels of a program's expressions, given breadth-first from the output where they have none yet."""
    labels, queue, seen = [program.label], collections.deque([program]), {id(program)}
    while queue:
        for child in queue.popleft().children:
            if id(child) not in seen:
                seen.add(id(child))
                labels.append(child.label)
                queue.append(child)
    return labels


def _vocabulary(vocab: Iterable[rasp.Value], bos: Any, pad: Any) -> List[Any]:
    """The tokens in the order of their ids."""
    if isinstance(vocab, (bytes, rasp.RASPExpr)) or not isinstance(vocab, collections.abc.Iterable):
        raise TypeError(f"the vocabulary is a set (or sequence) of tokens, got {vocab!r}")
    tokens: List[Any] = []
    seen = set()
    for token in vocab:
        if not isinstance(token, collections.abc.Hashable):
            raise TypeError(f"{token!r} cannot be a token: it is not hashable (use a tuple in place of a list)")
        if token is None:
            raise ValueError("None cannot be a token: it stands for undefined")
        if isinstance(token, rasp.RASPExpr):
            raise TypeError(f"{token!r} cannot be a token")
        if token not in seen:
            seen.add(token)
            tokens.append(token)
    if not tokens:
        raise ValueError("the vocabulary is empty")
    if bos is None:
        raise ValueError("every input begins with BOS: compiler_bos cannot be None")
    for name, special in (("compiler_bos", bos), ("compiler_pad", pad)):
        if special in seen:
            raise ValueError(f"{name} {special!r} must not be in the vocabulary")
    if bos == pad:
        raise ValueError(f"compiler_bos and compiler_pad are both {bos!r}; they must differ")
    order = bases.sort_directions(basis_direction("tokens", t) for t in tokens)
    return [d.value for d in order]


def _check_length(max_seq_len: Any) -> None:
    whole = isinstance(max_seq_len, int) or (hasattr(max_seq_len, "__index__"))
    if not whole or isinstance(max_seq_len, bool):
        raise TypeError(f"max_seq_len is a whole number, got {max_seq_len!r}")
    if max_seq_len < 1:
        raise ValueError(f"max_seq_len must be at least 1, got {max_seq_len}")


# BOS and PAD of the compiler are its own: those of the user are this package's to translate.
_BOS, _PAD = "\x02bos", "\x03pad"


def _compile(program: rasp.SOp, vocab: List[Any], max_seq_len: int, causal: bool) -> Tuple[Lowered, Any]:
    """Compiles at `-O0`, with a one-hot for each categorical s-op wherever one can be made."""
    functions, concessions = Functions(), Concessions()
    while True:
        lowered = Lowering(causal, vocab, functions, concessions).lower(program)
        try:
            native = lowered.graph.compile(lowered.output, vocab, max_seq_len, opt=0, bos=_BOS, pad=_PAD)
            break
        except raspc.errors.RaspError as error:
            failed = [lowered.exprs[d.node] for d in error.diagnostics if d.node in lowered.exprs]
            instead = concessions.instead(failed, _compares_none(program))
            if instead is None:
                raise _like_its_cause(error) from error.__cause__
            concessions = instead
    _check_encodings(lowered, native)
    return lowered, native


def _compares_none(program: rasp.SOp) -> bool:
    """Whether an ordering may meet None: the evaluator raises there, and the compiler refuses where it surely does."""
    orderings = (rasp.Comparison.LT, rasp.Comparison.LEQ, rasp.Comparison.GT, rasp.Comparison.GEQ)
    selects = [e for e in operands_first(program) if isinstance(e, rasp.Select)]
    return any(e.predicate in orderings or e._formula is not None for e in selects)


def _like_its_cause(error: Any) -> BaseException:
    """The compiler's error, of the type too that the program's function raised."""
    cause = error.__cause__
    if cause is None or not isinstance(cause, Exception) or isinstance(cause, type(error)):
        return error
    try:
        kind: Any = type(type(error).__name__, (type(error), type(cause)), {"__module__": type(error).__module__})
        both = kind.__new__(kind)
        both.__dict__.update(error.__dict__)
        both.args = error.args
        return both
    except TypeError:
        return error


def _check_encodings(lowered: Lowered, native: Any) -> None:
    readouts = {r["node"]: r for r in native.readouts}
    for label, expr in lowered.exprs.items():
        if not isinstance(expr, rasp.SOp) or not rasp.is_numerical(expr):
            continue
        held = [readouts.get(node, {}).get("classes", ()) for node in lowered.nodes[label]]
        classes = [c for classes in held for c in classes]
        wrong = [v for v, _ in classes if v is not None and not isinstance(v, (int, float))]
        if wrong:
            raise basis_inference.InvalidValueSetError(
                f"{label} is annotated as numerical, and can hold {wrong[0]!r}, which is no number"
            )


def _input_encoder(vocab: List[Any], bos: Any, pad: Any, max_seq_len: int) -> encoder.CategoricalEncoder:
    tokens = [*vocab, bos] + ([] if pad is None else [pad])
    basis = bases.sort_directions(basis_direction("tokens", t) for t in tokens)
    return encoder.CategoricalEncoder(
        basis, enforce_bos=True, bos_token=bos, pad_token=pad, max_seq_len=max_seq_len + 1
    )


def _output_encoder(program: rasp.SOp, native: Any, undefined: str) -> encoder.Encoder:
    readout = native.readouts[native.output_readout]
    classes: Optional[List[Tuple[Any, Any]]] = readout.get("classes")
    if classes is None or rasp.is_numerical(program):
        return encoder.NumericalEncoder()
    values = [v for v, _ in classes if undefined != "upstream" or v is not None]
    return encoder.CategoricalEncoder(
        bases.sort_directions(basis_direction(program.label, v) for v in values)
    )
