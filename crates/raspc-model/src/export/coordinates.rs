//! Where the directions of the residual stream lie in a runtime, and what weights that write and read them become.
//!
//! Without layer norms everything stays where it is. With them (see `layout`) a place holds a direction divided by its unit,
//! a power of two that makes it at most 1, and eight places further lies the negation of that. A layer norm takes a remainder
//! m from both alike.
//!
//! **Reading.** Half of the place and half of its negation with the opposite sign, `((x - m) - (-x - m)) / 2 = x`, up to the
//! rounding of both summands. Nearly always that is exact; but where a sum holds large terms in between, they swallow one m
//! and not the other, and weights such as 2^20 make m large.
//!
//! **Offsets.** So a direction whose values are known to lie on a grid gets a place where layer norms add 4 (and −4 to the
//! negation): what comes out is rounded to multiples of 2^-21, and m, at most 2^-26, is gone. What reads the place takes the offset away
//! in its bias. That is exact where all products lie on one grid and their sums are below 2^24 of its steps (numerics: R2),
//! and only columns of which this holds read such places; the others read places without an offset. Where both kinds read
//! a direction, it has both places.

use serde_json::{Value, json};

use super::Refusal;
use super::bounds::{Range, ranges};
use super::codes::RANGE;
use crate::matrix::SparseMatrix;
use crate::model::{Head, Model};

/// Numbers up to here have a variance below half an ulp of the epsilon of the layer norms.
const LARGEST: f64 = 281_474_976_710_656.0;

/// How many places stand beside each other before their negations follow: as many as the lanes of a vector register, each of
/// which sums a place and its negation one after the other.
const SIDE: u32 = 8;

/// What layer norms add at a place with an offset.
const OFFSET: f32 = 4.0;

/// 4 + x has this grid, for |x| ≤ 1.
const OFFSET_GRID: f64 = 1.0 / 2_097_152.0;

/// Sums below this many steps of a grid are exact (numerics: R2).
const STEPS: f64 = 16_777_216.0;

/// The places of all directions.
pub(super) struct Coordinates {
    /// One more than the model's directions: the last is free, see [`Coordinates::constant`].
    directions: Vec<Direction>,
    mirrored: bool,
    /// How many places there are, negations and fillings included.
    pub(super) width: usize,
}

struct Direction {
    /// A power of two.
    unit: f32,
    range: Range,
    /// The place without an offset, in the order of places without negations.
    bare: Option<u32>,
    /// The place with an offset.
    offset: Option<u32>,
}

/// A column that reads: (place, weight), and its bias.
pub(super) struct Column {
    pub(super) weights: Vec<(u32, f32)>,
    pub(super) bias: f32,
}

impl Coordinates {
    /// Those of the model.
    pub(super) fn plain(model: &Model) -> Self {
        let d_model = model.config.d_model as u32;
        let direction = |bare| Direction {
            unit: 1.0,
            range: Range { largest: 0.0, proved: false, grid: None },
            bare: Some(bare),
            offset: None,
        };
        let directions = (0..=d_model).map(direction).collect();
        Self { directions, mirrored: false, width: model.config.d_model }
    }

    /// For layer norms.
    ///
    /// # Errors
    /// Numbers that layer norms would change.
    pub(super) fn mirrored(model: &Model) -> Result<Self, Refusal> {
        let ranges = ranges(model);
        if let Some(range) = ranges.iter().find(|r| r.largest.is_nan() || r.largest >= LARGEST) {
            let message = format!(
                "the residual stream can hold numbers up to {:e}, which layer norms would change",
                range.largest
            );
            let hint = "scale the numbers down, or choose a format without layer norms: onnx, torch";
            return Err(Refusal::new(RANGE, message, hint));
        }
        let constant = Range { largest: 1.0, proved: true, grid: None };
        let direction = |range: Range| Direction { unit: unit(&range), range, bare: None, offset: None };
        let directions = ranges.into_iter().chain([constant]).map(direction).collect();
        let mut coordinates = Self { directions, mirrored: true, width: 0 };
        coordinates.place_all(model);
        Ok(coordinates)
    }

    /// Gives each direction the places that its readers need.
    fn place_all(&mut self, model: &Model) {
        let mut needs = vec![(false, false); self.directions.len()];
        for_each_column(model, |rows, weights, bias| {
            let offset = self.takes_offsets(rows, weights, bias);
            for &d in rows {
                let need = &mut needs[d as usize];
                if offset { need.1 = true } else { need.0 = true }
            }
        });
        let mut next = 0..;
        for (direction, (bare, offset)) in self.directions.iter_mut().zip(needs) {
            // Whatever nobody reads in a layer can still be read at the end, where no offset is added.
            direction.bare = (bare || !offset).then(|| next.next().expect("endless"));
            direction.offset = offset.then(|| next.next().expect("endless"));
        }
        self.width = 2 * (next.start as usize).next_multiple_of(SIDE as usize);
    }

    /// The direction that the model does not have.
    pub(super) fn constant(&self) -> u32 {
        self.directions.len() as u32 - 1
    }

    /// Whether a column reads places with offsets exactly.
    fn takes_offsets(&self, rows: &[u32], weights: &[f32], bias: f32) -> bool {
        let mut grid = if bias == 0.0 { f64::INFINITY } else { granule(bias) };
        let mut sum = f64::from(bias.abs());
        for (&d, &weight) in rows.iter().zip(weights) {
            let direction = &self.directions[d as usize];
            let unit = f64::from(direction.unit);
            let Some(own) = direction.range.grid.map(|g| g.min(unit)).filter(|g| g / unit >= OFFSET_GRID) else {
                return false;
            };
            grid = grid.min(own * granule(weight) / 2.0);
            // Twice: once in the products of the places, once in the bias that takes the offset away.
            sum += 2.0 * unit * f64::from(weight.abs()) * f64::from(OFFSET + 1.0);
        }
        self.mirrored && sum <= STEPS * grid
    }

    /// Where a place lies, and where its negation.
    fn at(&self, place: u32) -> (u32, u32) {
        let at = if self.mirrored { place / SIDE * 2 * SIDE + place % SIDE } else { place };
        (at, at + SIDE)
    }

    /// What a weight that writes a direction becomes: (place, weight). None where that is not exact.
    pub(super) fn write(&self, d: u32, weight: f32) -> Option<Vec<(u32, f32)>> {
        let direction = &self.directions[d as usize];
        let weight = scaled(weight, 1.0 / direction.unit)?;
        let places = direction.bare.iter().chain(&direction.offset);
        Some(places.flat_map(|&place| self.pair(place, weight)).collect())
    }

    /// What a column that reads directions becomes. None where that is not exact.
    pub(super) fn read(&self, rows: &[u32], weights: &[f32], bias: f32) -> Option<Column> {
        let offsets = self.takes_offsets(rows, weights, bias);
        let mut column = Column { weights: Vec::new(), bias };
        let mut taken = 0.0;
        for (&d, &weight) in rows.iter().zip(weights) {
            if !offsets {
                column.weights.extend(self.read_bare(d, weight)?);
                continue;
            }
            let direction = &self.directions[d as usize];
            let weight = scaled(weight, direction.unit)?;
            column.weights.extend(self.pair(direction.offset.expect("its readers were counted"), scaled(weight, 0.5)?));
            taken += f64::from(weight) * f64::from(OFFSET);
        }
        if offsets {
            column.bias = (f64::from(bias) - taken) as f32;
        }
        Some(column)
    }

    /// What a weight becomes that reads a direction where no offsets are added. None where that is not exact.
    pub(super) fn read_bare(&self, d: u32, weight: f32) -> Option<impl Iterator<Item = (u32, f32)>> {
        let direction = &self.directions[d as usize];
        let weight = scaled(scaled(weight, direction.unit)?, if self.mirrored { 0.5 } else { 1.0 })?;
        Some(self.pair(direction.bare.or(direction.offset).expect("every direction has a place"), weight))
    }

    /// A weight and the opposite one for the negation.
    fn pair(&self, place: u32, weight: f32) -> impl Iterator<Item = (u32, f32)> {
        let (at, negation) = self.at(place);
        std::iter::once((at, weight)).chain(self.mirrored.then_some((negation, -weight)))
    }

    /// What layer norms within the model add, times `sign`: `[1, width]`.
    pub(super) fn offsets(&self, sign: f32, width: usize) -> SparseMatrix {
        let places = self.directions.iter().filter_map(|d| d.offset);
        let entries = places.flat_map(|place| self.pair(place, sign * OFFSET)).map(|(at, v)| (0, at, v)).collect();
        SparseMatrix::from_entries(1, width, entries)
    }

    /// Where the directions are found at the end, where no offsets are added.
    pub(super) fn describe(&self, labels: &[String]) -> Value {
        let own = &self.directions[..labels.len()];
        let places: Vec<(u32, u32)> =
            own.iter().map(|d| self.at(d.bare.or(d.offset).expect("every direction has a place"))).collect();
        json!({
            "rule": "direction = (last_hidden_state[place] - last_hidden_state[negation]) / 2 * unit",
            "label": labels,
            "place": places.iter().map(|p| p.0).collect::<Vec<_>>(),
            "negation": places.iter().map(|p| p.1).collect::<Vec<_>>(),
            "unit": own.iter().map(|d| d.unit).collect::<Vec<_>>(),
        })
    }
}

/// Calls `visit(directions, weights, bias)` for every column that reads the residual stream between layer norms with offsets.
fn for_each_column(model: &Model, mut visit: impl FnMut(&[u32], &[f32], f32)) {
    for layer in &model.layers {
        for head in &layer.heads {
            for (matrix, bias) in [(&head.w_q, None), (&head.w_k, Some(head)), (&head.w_v, None)] {
                let columns = matrix.transposed();
                for &c in columns.stored_rows() {
                    let (rows, weights) = columns.row(c as usize);
                    visit(rows, weights, bias.map_or(0.0, |head| key_bias(head, c)));
                }
            }
        }
        let columns = layer.w_in.transposed();
        for &c in columns.stored_rows() {
            let (rows, weights) = columns.row(c as usize);
            visit(rows, weights, layer.b_in[c as usize]);
        }
    }
}

/// An entry of `b_K`.
pub(super) fn key_bias(head: &Head, k: u32) -> f32 {
    head.b_k.iter().find(|b| b.0 == k).map_or(0.0, |b| b.1)
}

/// A weight times a power of two, where that is exact.
pub(super) fn scaled(weight: f32, factor: f32) -> Option<f32> {
    let product = weight * factor;
    (product.is_finite() && product / factor == weight).then_some(product)
}

/// The largest power of two of which a number that is not zero is a multiple.
fn granule(x: f32) -> f64 {
    let bits = f64::from(x).to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1075;
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    power_of_two(exponent + mantissa.trailing_zeros() as i32)
}

/// The least power of two that is not below what is known of a direction, and at least 1.
fn unit(range: &Range) -> f32 {
    let mut unit = 1.0_f32;
    while range.proved && f64::from(unit) < range.largest {
        unit *= 2.0;
    }
    unit
}

/// 2^n for an exponent of an f32.
fn power_of_two(n: i32) -> f64 {
    f64::from_bits(((n + 1023) as u64) << 52)
}
