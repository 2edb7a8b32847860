//! Built-in expressions on described arguments: what they can return, and whether they can raise.

use raspc_lang::function::{Body, Expr, Function};
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

use super::abs::{Abs, FEW, Kinds, Range};
use super::intern::{Id, Interner};

/// What a function can return, and whether it can raise.
pub(super) struct Outcome {
    pub(super) values: Abs,
    pub(super) raises: bool,
}

impl Outcome {
    fn new(values: Abs, raises: bool) -> Self {
        Self { values, raises }
    }

    fn range(range: Range, raises: bool) -> Self {
        Self::new(Abs::Range(range), raises)
    }

    fn or(self, other: Self, table: &Interner) -> Self {
        Self { values: self.values.or(other.values, table), raises: self.raises || other.raises }
    }
}

/// The function as an element-wise s-op: none in, none out.
pub(super) fn strict(table: &mut Interner, function: &Function, args: &[Abs]) -> Outcome {
    if let Some(outcomes) = function.outcomes() {
        return few_of(table, outcomes.iter(), false);
    }
    let (mut some, mut none) = (Vec::new(), false);
    for arg in args {
        let (rest, had) = arg.split_none(table);
        none |= had;
        some.push(rest);
    }
    let mut outcome =
        if some.iter().any(Abs::is_empty) { Outcome::new(Abs::empty(), false) } else { plain(table, function, &some) };
    if none {
        let none = Abs::Few(vec![table.none()]);
        outcome.values = outcome.values.or(none, table);
    }
    outcome
}

/// The function on any values.
pub(super) fn plain(table: &mut Interner, function: &Function, args: &[Abs]) -> Outcome {
    match &function.body {
        Body::Expr(expr) => pointwise(table, expr, args).unwrap_or_else(|| eval(table, expr, args)),
        Body::Table(entries) => few_of(table, entries.values().filter_map(|v| v.as_ref().ok()), true),
        Body::Host(_) => Outcome::range(Range::ANY, true),
    }
}

/// Combinations of described values are looked at one by one up to this many.
const POINTS: usize = 1 << 12;

/// The expression at each combination of values, where all arguments are described one by one: `none if x == 1 else x` is never 1.
fn pointwise(table: &mut Interner, expr: &Expr, args: &[Abs]) -> Option<Outcome> {
    let few = |arg: &Abs| match arg {
        Abs::Few(ids) => Some(ids.iter().map(|&id| table.value(id).clone()).collect::<Vec<Value>>()),
        Abs::Range(_) => None,
    };
    let listed: Vec<Vec<Value>> = args.iter().map(few).collect::<Option<_>>()?;
    let count = listed.iter().try_fold(1usize, |n, l| n.checked_mul(l.len())).filter(|n| *n <= POINTS)?;
    let mut results = Vec::with_capacity(count);
    let mut raises = false;
    for mut place in 0..count {
        let digits = listed.iter().map(|l| {
            let value = l[place % l.len()].clone();
            place /= l.len();
            value
        });
        match expr.eval(&digits.collect::<Vec<Value>>()) {
            Ok(value) => results.push(value),
            Err(_) => raises = true,
        }
    }
    Some(few_of(table, results.iter(), raises))
}

/// Some of these values.
fn few_of<'a>(table: &mut Interner, values: impl Iterator<Item = &'a Value>, raises: bool) -> Outcome {
    let mut ids: Vec<Id> = values.map(|v| table.intern(v)).collect();
    table.sort(&mut ids);
    Outcome::new(Abs::of(table, &ids), raises)
}

fn eval(table: &mut Interner, expr: &Expr, args: &[Abs]) -> Outcome {
    match expr {
        Expr::Arg(i) => Outcome::new(args[*i].clone(), false),
        Expr::Const(v) => Outcome::new(Abs::Few(vec![table.intern(v)]), false),
        Expr::Unary(op, a) => {
            let a = eval(table, a, args);
            let mut outcome = unary(table, *op, &a.values);
            outcome.raises |= a.raises;
            outcome
        }
        Expr::Binary(op, a, b) => {
            let (a, b) = (eval(table, a, args), eval(table, b, args));
            let mut outcome = binary(table, *op, &a.values, &b.values);
            outcome.raises |= a.raises | b.raises;
            outcome
        }
        Expr::If { cond, then, otherwise } => {
            let cond = eval(table, cond, args);
            let (yes, no) = truths(table, &cond.values);
            let mut outcome = Outcome::new(Abs::empty(), cond.raises);
            if yes {
                outcome = outcome.or(eval(table, then, args), table);
            }
            if no {
                outcome = outcome.or(eval(table, otherwise, args), table);
            }
            outcome
        }
        Expr::In(a, _) => {
            let raises = eval(table, a, args).raises;
            Outcome::new(booleans(table), raises)
        }
        Expr::Item(items, _) => few_of(table, items.iter(), true),
        Expr::Entry(entries, _) => few_of(table, entries.iter().map(|(_, v)| v), true),
    }
}

/// Whether a described value can be truthy, and whether it can be falsy.
fn truths(table: &Interner, a: &Abs) -> (bool, bool) {
    match a {
        Abs::Few(ids) => {
            let truthy = |id: &Id| table.value(*id).truthy();
            (ids.iter().any(truthy), !ids.iter().all(truthy))
        }
        Abs::Range(_) => (true, true),
    }
}

fn booleans(table: &mut Interner) -> Abs {
    Abs::Few(vec![table.bool(false), table.bool(true)])
}

fn unary(table: &mut Interner, op: UnaryOp, a: &Abs) -> Outcome {
    let r = match a {
        Abs::Few(ids) => {
            let results: Vec<_> = ids.iter().map(|&id| op.apply(table.value(id))).collect();
            let raises = results.iter().any(Result::is_err);
            return few_of(table, results.iter().flatten(), raises);
        }
        Abs::Range(r) => *r,
    };
    let odd = !r.only_numbers();
    match op {
        UnaryOp::Not | UnaryOp::ToBool => Outcome::new(booleans(table), false),
        UnaryOp::Indicator => Outcome::new(Abs::Few(vec![table.int(0), table.int(1)]), false),
        UnaryOp::Neg => Outcome::range(Range::numbers(arithmetic(r, r), -r.hi, -r.lo), odd),
        UnaryOp::Pos => Outcome::range(Range::numbers(arithmetic(r, r), r.lo, r.hi), odd),
        UnaryOp::Round => integers(table, r.lo.round_ties_even(), r.hi.round_ties_even(), odd),
        // Text parses to any number.
        UnaryOp::ToInt if odd => Outcome::range(Range::numbers(Kinds::INT, f64::NAN, f64::NAN), true),
        UnaryOp::ToInt => integers(table, r.lo.trunc(), r.hi.trunc(), false),
        UnaryOp::ToFloat if odd => Outcome::range(Range::numbers(Kinds::FLOAT, f64::NAN, f64::NAN), true),
        UnaryOp::ToFloat => Outcome::range(Range::numbers(Kinds::FLOAT, r.lo, r.hi), !finite(r)),
        // Integers of very many digits are not written out; what a host value prints is the host's.
        UnaryOp::ToStr => {
            let huge = r.kinds.meets(Kinds::INT) && !Range { kinds: Kinds::INT, ..r }.within(1e300);
            Outcome::range(Range::kinds(Kinds::STR), huge || r.kinds.meets(Kinds::HOST))
        }
    }
}

/// The integers of an interval, one by one where they are few.
fn integers(table: &mut Interner, lo: f64, hi: f64, raises: bool) -> Outcome {
    if hi - lo < FEW as f64 && lo.abs() < 1e15 {
        let ids: Vec<Id> = (lo as i64..=hi as i64).map(|i| table.int(i)).collect();
        return Outcome::new(Abs::Few(ids), raises);
    }
    Outcome::range(Range::numbers(Kinds::INT, lo, hi), raises)
}

/// The kinds of a sum of numbers: an integer of integers and booleans, a float where a float takes part.
fn arithmetic(a: Range, b: Range) -> Kinds {
    let whole = Kinds::BOOL.or(Kinds::INT);
    let mut kinds = Kinds::NOTHING;
    if a.kinds.meets(whole) && b.kinds.meets(whole) {
        kinds = kinds.or(Kinds::INT);
    }
    if a.kinds.meets(Kinds::FLOAT) || b.kinds.meets(Kinds::FLOAT) {
        kinds = kinds.or(Kinds::FLOAT);
    }
    kinds
}

/// Whether all bounds are far from the greatest float.
fn finite(r: Range) -> bool {
    r.within(1e300)
}

fn binary(table: &mut Interner, op: BinaryOp, a: &Abs, b: &Abs) -> Outcome {
    if let (Abs::Few(x), Abs::Few(y)) = (a, b) {
        let pairs = x.iter().flat_map(|&i| y.iter().map(move |&j| (i, j)));
        let results: Vec<_> = pairs.map(|(i, j)| op.apply(table.value(i), table.value(j))).collect();
        let raises = results.iter().any(Result::is_err);
        return few_of(table, results.iter().flatten(), raises);
    }
    let (x, y) = (a.range(table), b.range(table));
    if let Some(holds) = decided(op, x, y) {
        return Outcome::new(Abs::Few(vec![table.bool(holds)]), false);
    }
    match op {
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::And | BinaryOp::Or => Outcome::new(booleans(table), false),
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
            let numbers = x.only_numbers() && y.only_numbers();
            let strings = x.kinds == Kinds::STR && y.kinds == Kinds::STR;
            Outcome::new(booleans(table), !(numbers || strings))
        }
        _ if !(x.only_numbers() && y.only_numbers()) => Outcome::range(loose(op, x, y), true),
        BinaryOp::Add => numbers(x, y, [x.lo + y.lo, x.hi + y.hi]),
        BinaryOp::Sub => numbers(x, y, [x.lo - y.hi, x.hi - y.lo]),
        BinaryOp::Mul => numbers(x, y, hull([x.lo * y.lo, x.lo * y.hi, x.hi * y.lo, x.hi * y.hi])),
        BinaryOp::Div => quotient(x, y),
        BinaryOp::Mod => {
            let size = y.lo.abs().max(y.hi.abs());
            let zero = y.lo <= 0.0 && y.hi >= 0.0;
            Outcome::range(Range::numbers(arithmetic(x, y), -size, size), zero || !finite(x) || !finite(y))
        }
        BinaryOp::Pow => Outcome::range(Range::numbers(Kinds::INT.or(Kinds::FLOAT), f64::NAN, f64::NAN), true),
    }
}

/// What a comparison of numbers says where their bounds decide it.
///
/// Bounds are those of the numbers' 64-bit floats, to which large integers round: that keeps their order, and so numbers
/// whose floats are apart are apart. Where bounds touch, equal floats must mean equal numbers.
fn decided(op: BinaryOp, x: Range, y: Range) -> Option<bool> {
    if !(x.only_numbers() && y.only_numbers()) {
        return None;
    }
    let exact = |bound: f64| bound.abs() < 9e15;
    let (below, above) = (x.hi < y.lo, x.lo > y.hi);
    let no_greater = below || (x.hi <= y.lo && exact(x.hi));
    let no_less = above || (x.lo >= y.hi && exact(x.lo));
    let (yes, no) = match op {
        BinaryOp::Eq => (false, below || above),
        BinaryOp::Ne => (below || above, false),
        BinaryOp::Lt => (below, no_less),
        BinaryOp::Le => (no_greater, above),
        BinaryOp::Gt => (above, no_greater),
        BinaryOp::Ge => (no_less, below),
        _ => (false, false),
    };
    (yes != no).then_some(yes)
}

/// Arithmetic on values that may be no numbers.
fn loose(op: BinaryOp, x: Range, y: Range) -> Range {
    let number = Range::numbers(Kinds::INT.or(Kinds::FLOAT), f64::NAN, f64::NAN);
    let strings = x.kinds.meets(Kinds::STR) || y.kinds.meets(Kinds::STR);
    let text = strings && matches!(op, BinaryOp::Add | BinaryOp::Mul);
    if text { number.or(Range::kinds(Kinds::STR)) } else { number }
}

/// A sum, difference or product within these bounds; raises where it can leave the floats.
fn numbers(x: Range, y: Range, [lo, hi]: [f64; 2]) -> Outcome {
    let range = Range::numbers(arithmetic(x, y), lo, hi);
    Outcome::range(range, !finite(x) || !finite(y) || !finite(range))
}

fn quotient(x: Range, y: Range) -> Outcome {
    if y.lo <= 0.0 && y.hi >= 0.0 {
        return Outcome::range(Range::numbers(Kinds::FLOAT, f64::NAN, f64::NAN), true);
    }
    let [lo, hi] = hull([x.lo / y.lo, x.lo / y.hi, x.hi / y.lo, x.hi / y.hi]);
    let range = Range::numbers(Kinds::FLOAT, lo, hi);
    Outcome::range(range, !finite(x) || !finite(y) || !finite(range))
}

/// The least interval that holds the corners; unknown where one of them is.
fn hull(corners: [f64; 4]) -> [f64; 2] {
    if corners.iter().any(|c| c.is_nan()) {
        return [f64::NAN, f64::NAN];
    }
    [corners.iter().fold(f64::INFINITY, |a, &b| a.min(b)), corners.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_function_takes_out_is_not_among_its_results() {
        let mut table = Interner::default();
        let is_one = Expr::Binary(BinaryOp::Eq, Box::new(Expr::Arg(0)), Box::new(Expr::Const(Value::int(1))));
        let none = Box::new(Expr::Const(Value::None));
        let function =
            Function::expr(1, Expr::If { cond: Box::new(is_one), then: none, otherwise: Box::new(Expr::Arg(0)) });
        let numbers: Vec<Value> = (0..4).map(Value::int).collect();
        let all = few_of(&mut table, numbers.iter(), false).values;
        let Abs::Few(ids) = plain(&mut table, &function, &[all]).values else { panic!("few") };
        let found: Vec<Value> = ids.iter().map(|&id| table.value(id).clone()).collect();
        assert_eq!(found, [Value::None, Value::int(0), Value::int(2), Value::int(3)]);
    }

    /// A generator of pseudo-random numbers (xorshift).
    struct Random(u64);

    impl Random {
        fn below(&mut self, n: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 20) as usize % n
        }

        fn value(&mut self) -> Value {
            let whole = self.below(9) as i64 - 4;
            match self.below(12) {
                0 => Value::None,
                1 => Value::Bool(whole > 0),
                2..=5 => Value::int(whole),
                6..=8 => Value::float(whole as f64 / 3.0).unwrap(),
                9 => Value::int(whole << 58),
                10 => Value::float(whole as f64 * 1e307).unwrap(),
                _ => Value::str(["", "7", "a"][self.below(3)]),
            }
        }

        fn expr(&mut self, depth: usize) -> Expr {
            if depth == 0 {
                return if self.below(4) == 0 { Expr::Const(self.value()) } else { Expr::Arg(self.below(2)) };
            }
            let [a, b, c] = [0; 3].map(|_| Box::new(self.expr(depth - 1)));
            match self.below(8) {
                0..=3 => Expr::Binary(BinaryOp::ALL[self.below(BinaryOp::ALL.len())], a, b),
                4..=5 => Expr::Unary(UnaryOp::ALL[self.below(UnaryOp::ALL.len())], a),
                6 => Expr::In(a, [self.value(), self.value()].into()),
                _ => Expr::If { cond: a, then: b, otherwise: c },
            }
        }
    }

    fn holds(table: &Interner, abs: &Abs, id: Id) -> bool {
        match abs {
            Abs::Few(ids) => ids.contains(&id),
            Abs::Range(r) => {
                let bounded = table.value(id).as_f64().is_none_or(|x| (r.lo..=r.hi).contains(&x));
                r.kinds.meets(Kinds::of(table, id)) && bounded
            }
        }
    }

    #[test]
    fn results_are_described() {
        for seed in 1..20_000u64 {
            let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut table = Interner::default();
            let depth = 1 + random.below(2);
            let function = Function::expr(2, random.expr(depth));
            let mut sets: [Vec<Id>; 2] = Default::default();
            let mut described = Vec::new();
            for set in &mut sets {
                *set = (0..=random.below(4)).map(|_| table.intern(&random.value())).collect();
                table.sort(set);
                let few = Abs::of(&table, set);
                described.push(if random.below(4) == 0 { few } else { Abs::Range(few.range(&table)) });
            }
            let outcome = strict(&mut table, &function, &described);
            for &a in &sets[0] {
                for &b in &sets[1] {
                    match function.apply_strict(&[table.value(a).clone(), table.value(b).clone()]) {
                        Ok(value) => {
                            let id = table.intern(&value);
                            assert!(
                                holds(&table, &outcome.values, id),
                                "seed {seed}: {function:?} gives {value:?}, not in {:?}",
                                outcome.values
                            );
                        }
                        Err(error) => assert!(outcome.raises, "seed {seed}: {function:?} raises: {error}"),
                    }
                }
            }
        }
    }
}
