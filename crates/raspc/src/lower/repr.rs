//! What the lowered nodes look like to their readers: linear forms on the residual stream.

use raspc_lang::value::Value;

use crate::circuit::{Circuit, Form, ONE};

/// A one-hot: a form for each value, 1 where the node holds it and 0 elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct OneHotForms {
    /// The values but none, in canonical order.
    pub classes: Vec<(Value, Form)>,
    /// The form that is 1 where the node is none, if it can be.
    pub none: Option<Form>,
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberForm {
    /// The value; anything where it is none.
    pub value: Form,
    /// 1 where there is a value, 0 where it is none; absent where it never is.
    pub defined: Option<Form>,
    /// |form in the f32 model − interpreter's value|, at most.
    pub error: f64,
}

/// What is known of a form's value at tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Least value.
    pub lo: f64,
    /// Greatest value.
    pub hi: f64,
    /// Σ |weight| · max.
    pub sum: f64,
    /// Greatest sum of the positive terms that read directions other than `one`: no partial sum is larger.
    pub positive: f64,
    /// Greatest sum of the absolute negative ones: no partial sum is less than minus this.
    pub negative: f64,
    /// The weight of `one`.
    pub constant: f64,
    /// Every term is a multiple of this power of two, where known.
    pub grid: Option<f64>,
    /// Error inherited from the directions and made by rounding weights and sums to f32.
    pub error: f64,
}

impl Measure {
    /// The largest partial sum in any order, with this constant in place of the form's own.
    pub fn bound(&self, constant: f64) -> f64 {
        (self.positive + constant.max(0.0)).max(self.negative + (-constant).max(0.0))
    }
}

/// Half the distance between 1 and the next f32: the relative error of one rounding.
pub const U: f64 = 1.0 / 16_777_216.0;

/// `n u / (1 − n u)`: the relative error of a sum of n rounded terms, in any order.
pub fn gamma(n: usize) -> f64 {
    let nu = n as f64 * U;
    nu / (1.0 - nu)
}

/// The largest power of two of which `x` is a multiple.
pub fn grid_of(x: f64) -> f64 {
    if x == 0.0 {
        return f64::MAX;
    }
    let bits = x.abs().to_bits();
    let (exponent, mantissa) = ((bits >> 52) as i32, bits & ((1 << 52) - 1));
    let (exponent, mantissa) = if exponent == 0 { (1, mantissa) } else { (exponent, mantissa | 1 << 52) };
    libm::ldexp(1.0, exponent - 1075 + mantissa.trailing_zeros() as i32)
}

/// Measures a form.
pub fn measure(circuit: &Circuit, form: &Form) -> Measure {
    let mut m = Measure {
        lo: 0.0,
        hi: 0.0,
        sum: 0.0,
        positive: 0.0,
        negative: 0.0,
        constant: 0.0,
        grid: Some(f64::MAX),
        error: 0.0,
    };
    let mut rounded = 0.0;
    for (dir, c) in form.terms() {
        let mut range = circuit.direction(dir).range;
        if dir == ONE {
            range.lo = 1.0;
        }
        m.lo += (c * range.lo).min(c * range.hi);
        m.hi += (c * range.lo).max(c * range.hi);
        m.sum += c.abs() * range.max();
        if dir == ONE {
            m.constant = c;
        } else {
            m.positive += (c * range.hi).max(c * range.lo).max(0.0);
            m.negative += (-c * range.hi).max(-c * range.lo).max(0.0);
        }
        m.error += c.abs() * range.error;
        m.grid = m.grid.zip(range.grid).map(|(g, d)| g.min(d * grid_of(c)));
        rounded += (f64::from(c as f32) - c).abs() * range.max();
    }
    m.error += rounded;
    // On a grid no partial sum rounds (numerics R2); elsewhere the bound of any order holds.
    if !m.grid.is_some_and(|g| m.bound(m.constant) <= g / U) || rounded > 0.0 {
        m.grid = m.grid.filter(|_| rounded == 0.0);
        m.error += gamma(form.terms().len()) * m.sum;
    }
    m
}

/// The least power of two that is at least `x` (and at least 2^-60).
pub fn power_above(x: f64) -> f64 {
    libm::exp2(libm::ceil(libm::log2(x.max(libm::exp2(-60.0)))))
}
