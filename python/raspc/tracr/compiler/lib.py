"""The standard programs."""

from typing import Any, Callable, Optional, Sequence

from raspc.tracr.rasp import rasp


def make_length() -> rasp.SOp:
    """How many positions there are (under a causal mask: up to here): ``length("abc") == [3, 3, 3]``."""
    everything = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.TRUE).named("all_true_selector")
    return rasp.SelectorWidth(everything).named("length")


length = make_length()


def make_reverse(sop: rasp.SOp) -> rasp.SOp:
    """The values of `sop` from last to first: ``make_reverse(tokens)("Hello") == list("olleH")``."""
    opposite = (length - rasp.indices).named("opp_idx")
    opposite = (opposite - 1).named("opp_idx-1")
    selector = rasp.Select(rasp.indices, opposite, rasp.Comparison.EQ).named("reverse_selector")
    return rasp.Aggregate(selector, sop).named("reverse")


def make_pair_balance(sop: rasp.SOp, open_token: str, close_token: str) -> rasp.SOp:
    """The fraction of opening tokens so far less that of closing ones, as a number."""
    opening = rasp.numerical(sop == open_token).named("bools_open")
    opens = rasp.numerical(make_frac_prevs(opening)).named("opens")
    closing = rasp.numerical(sop == close_token).named("bools_close")
    closes = rasp.numerical(make_frac_prevs(closing)).named("closes")
    return rasp.numerical(rasp.LinearSequenceMap(opens, closes, 1, -1)).named("pair_balance")


def make_shuffle_dyck(pairs: Sequence[str]) -> rasp.SOp:
    """1 everywhere where each kind of bracket is balanced by itself, else 0: ``make_shuffle_dyck(["()", "{}"])``.

    Each pair is a string (or sequence) of its opening and its closing token.
    """
    if not pairs:
        raise ValueError("name at least one pair of brackets")
    balances = []
    for pair in pairs:
        if len(pair) != 2:
            raise ValueError(f"a pair is an opening and a closing token, got {pair!r}")
        balances.append(make_pair_balance(rasp.tokens, pair[0], pair[1]).named(f"balance_{pair}"))

    negative = balances[0] < 0
    for balance in balances[1:]:
        negative = negative | (balance < 0)
    negative = rasp.numerical(rasp.Map(lambda x: x, negative)).named("any_negative")
    everywhere = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.TRUE).named("select_all")
    has_negative = rasp.numerical(rasp.Aggregate(everywhere, negative, default=0)).named("has_neg")

    closed = balances[0] == 0
    for balance in balances[1:]:
        closed = closed & (balance == 0)
    last = rasp.Select(rasp.indices, length - 1, rasp.Comparison.EQ).named("select_last")
    closed_at_end = rasp.Aggregate(last, closed).named("last_zero")

    never_negative = (~has_negative).named("not_has_neg")
    return (closed_at_end & never_negative).named("shuffle_dyck")


def make_shuffle_dyck2() -> rasp.SOp:
    """`make_shuffle_dyck` of the pairs ``()`` and ``{}``."""
    return make_shuffle_dyck(pairs=["()", "{}"]).named("shuffle_dyck2")


def make_hist() -> rasp.SOp:
    """How often the token here occurs: ``make_hist()("abac") == [2, 1, 2, 1]``."""
    same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ).named("same_tok")
    return rasp.SelectorWidth(same).named("hist")


def make_sort_unique(vals: rasp.SOp, keys: rasp.SOp) -> rasp.SOp:
    """`vals` in the order of `keys`, which must be distinct: ``sort("cba", keys 3 1 2) == list("bac")``."""
    smaller = rasp.Select(keys, keys, rasp.Comparison.LT).named("smaller")
    target = rasp.SelectorWidth(smaller).named("target_pos")
    at_target = rasp.Select(target, rasp.indices, rasp.Comparison.EQ).named("sel_new")
    return rasp.Aggregate(at_target, vals).named("sort")


def make_sort(vals: rasp.SOp, keys: rasp.SOp, *, max_seq_len: int, min_key: float) -> rasp.SOp:
    """`vals` in the order of `keys`, equal ones as they stand; keys differ by at least `min_key`, if at all."""
    keys = rasp.SequenceMap(lambda x, i: x + min_key * i / max_seq_len, keys, rasp.indices)
    return make_sort_unique(vals, keys)


def make_sort_freq(max_seq_len: int) -> rasp.SOp:
    """The tokens from most to least frequent, equals as they stand."""
    frequency = -1 * make_hist().named("hist")
    return make_sort(rasp.tokens, frequency, max_seq_len=max_seq_len, min_key=1).named("sort_freq")


def make_frac_prevs(bools: rasp.SOp) -> rasp.SOp:
    """The fraction of positions up to here where `bools` is true, as a number."""
    bools = rasp.numerical(bools)
    previous = rasp.Select(rasp.indices, rasp.indices, rasp.Comparison.LEQ)
    return rasp.numerical(rasp.Aggregate(previous, bools, default=0)).named("frac_prevs")


def shift_by(offset: int, /, sop: rasp.SOp) -> rasp.SOp:
    """`sop` moved `offset` positions to the right, None where nothing comes from."""
    from_there = rasp.Select(rasp.indices, rasp.indices, lambda key, query: query == key + offset)
    return rasp.Aggregate(from_there, sop, default=None).named(f"shift_by({offset})")


def detect_pattern(sop: rasp.SOp, pattern: Sequence[rasp.Value]) -> rasp.SOp:
    """True where the values of `sop` up to here end in `pattern`; None where they are too few to."""
    if len(pattern) < 1:
        raise ValueError(f"the pattern must hold at least one value, got {pattern!r}")
    detected: Optional[rasp.SOp] = None
    for back, value in enumerate(reversed(pattern)):
        here = sop == value
        if back:
            here = shift_by(back, here)
        detected = here if detected is None else detected & here
    assert detected is not None
    return detected.named(f"detect_pattern({pattern})")


def make_count_less_freq(n: int) -> rasp.SOp:
    """How many positions hold tokens that occur at most `n` times: ``make_count_less_freq(2)("aaabbc") == [3] * 6``."""
    hist = make_hist()
    rare = rasp.Select(hist, hist, lambda key, query: key <= n)
    return rasp.SelectorWidth(rare).named(f"count_less_freq_{n}")


def make_count(sop: rasp.SOp, token: rasp.Value) -> rasp.SOp:
    """How often `token` occurs in `sop`: ``make_count(tokens, "a")("aaabbc") == [3] * 6``."""
    return rasp.SelectorWidth(rasp.Select(sop, sop, lambda key, query: key == token)).named(f"count_{token}")


def make_nary_sequencemap(f: Callable[..., Any], *sops: rasp.SOp) -> rasp.SOp:
    """`f` of any number of s-ops, by way of s-ops that hold tuples.

    Every tuple that can occur takes a direction of the residual stream, so they should not be many.
    """
    if not sops:
        raise ValueError("name at least one s-op")
    first, *others = sops
    # The first value is put into a tuple too, so that a value that is a tuple itself is not taken apart.
    tuples: rasp.SOp = rasp.Map(lambda x: (x,), first, simplify=False)
    for sop in others:
        tuples = rasp.SequenceMap(lambda xs, y: (*xs, y), tuples, sop)
    return rasp.Map(lambda xs: f(*xs), tuples)
