//! A complex number: what Python makes of a negative number to a fractional power. It can be shown, and nothing else.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::ops::python_float_repr;
use crate::value::{HostObject, HostValue, Value};

/// A complex number.
#[derive(Debug)]
pub(super) struct Complex {
    re: f64,
    im: f64,
}

impl Complex {
    /// The power of two numbers where it is complex.
    pub(super) fn power(a: &Value, b: &Value) -> Option<Value> {
        let (x, y) = (a.as_f64()?, b.as_f64()?);
        if x >= 0.0 || y.fract() == 0.0 || !x.is_finite() || !y.is_finite() {
            return None;
        }
        // In polar form, as Python computes it.
        let (length, phase) = (libm::pow(libm::hypot(x, 0.0), y), libm::atan2(0.0, x) * y);
        let complex = Self { re: length * libm::cos(phase), im: length * libm::sin(phase) };
        Some(Value::Host(HostValue(Arc::new(complex))))
    }
}

impl HostObject for Complex {
    fn equals(&self, other: &dyn HostObject) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|o| o.re == self.re && o.im == self.im)
    }

    fn hash(&self) -> u64 {
        self.re.to_bits() ^ self.im.to_bits().rotate_left(1)
    }

    fn order(&self, other: &dyn HostObject) -> Ordering {
        match other.as_any().downcast_ref::<Self>() {
            Some(o) => self.re.total_cmp(&o.re).then(self.im.total_cmp(&o.im)),
            None => Ordering::Less,
        }
    }

    fn display(&self) -> String {
        let part = |x: f64| {
            let text = python_float_repr(x);
            text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
        };
        let sign = if self.im.is_sign_negative() { "" } else { "+" };
        format!("({}{sign}{}j)", part(self.re), part(self.im))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
