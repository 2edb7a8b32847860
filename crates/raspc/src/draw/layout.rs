//! A layered layout: bands from top to bottom, the order within a band chosen for few crossings, places for short arrows.
//!
//! The steps are those of Sugiyama, Tagawa and Toda (1981): arrows over several rows get a waypoint in each; rows are
//! sorted by the mean place of their neighbours, up and down, and the order with the fewest crossings is kept; then
//! each row is placed as close to its neighbours as the order allows (isotonic regression, which is exact for a row).
//! Bands too wide for a page are broken into rows. Only additions, products and comparisons: the same places everywhere.

use super::diagram::Diagram;
use super::label;

/// Wider rows are broken.
const WIDEST: f64 = 1500.0;
/// Between boxes of a row.
const GAP: f64 = 26.0;
/// Between a waypoint and what is beside it.
const WAY_GAP: f64 = 12.0;
/// Size of the labels of arrows.
pub(super) const LABEL: f64 = 9.0;
/// More pieces of arrows are not untangled.
const MOST_PIECES: usize = 3000;
/// How often a row is sorted by its neighbours.
const SWEEPS: usize = 12;

/// A box's place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) w: f64,
    pub(super) h: f64,
}

/// Where everything is; the left upper corner is (0, 0).
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Laid {
    /// By box.
    pub(super) boxes: Vec<Place>,
    /// By arrow: where it starts, passes and ends.
    pub(super) arrows: Vec<Vec<(f64, f64)>>,
    /// By band: its top and its height.
    pub(super) bands: Vec<(f64, f64)>,
    /// Size of the whole.
    pub(super) size: (f64, f64),
}

/// Something in a row: a box or a waypoint of an arrow.
#[derive(Clone, Copy, Debug)]
struct Item {
    node: Option<usize>,
    w: f64,
    /// Centre.
    x: f64,
}

struct Rows {
    items: Vec<Item>,
    /// By row: its items, from left to right.
    order: Vec<Vec<usize>>,
    /// By item: neighbours in the row above and in the row below.
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
}

/// Lays out boxes of the given sizes.
pub(super) fn lay_out(diagram: &Diagram, sizes: &[(f64, f64)]) -> Laid {
    let row_of = break_bands(diagram, sizes);
    let (mut rows, paths) = connect(diagram, sizes, &row_of);
    rows.sort(diagram.in_order);
    rows.place();
    finish(diagram, sizes, &row_of, &rows, &paths)
}

/// The row of each box: bands in order, too wide ones broken.
fn break_bands(diagram: &Diagram, sizes: &[(f64, f64)]) -> Vec<usize> {
    let mut row_of = vec![0; sizes.len()];
    let mut next = 0;
    for band in 0..diagram.bands.len() {
        let inside: Vec<usize> = (0..sizes.len()).filter(|&b| diagram.boxes[b].band == band).collect();
        if inside.is_empty() {
            continue;
        }
        let total: f64 = inside.iter().map(|&b| sizes[b].0 + GAP).sum();
        let lines = (total / WIDEST).ceil().max(1.0);
        let fair = total / lines;
        let (mut x, mut line) = (0.0, next);
        for &b in &inside {
            let w = sizes[b].0 + GAP;
            if x > 0.0 && x + w / 2.0 > fair {
                x = 0.0;
                line += 1;
            }
            x += w;
            row_of[b] = line;
        }
        next = line + 1;
    }
    row_of
}

/// Items in rows with waypoints; for each arrow, the items it passes.
fn connect(diagram: &Diagram, sizes: &[(f64, f64)], row_of: &[usize]) -> (Rows, Vec<Vec<usize>>) {
    let count = row_of.iter().map(|r| r + 1).max().unwrap_or(0);
    let mut items: Vec<Item> = sizes.iter().enumerate().map(|(b, s)| Item { node: Some(b), w: s.0, x: 0.0 }).collect();
    let mut rows = vec![Vec::new(); count];
    row_of.iter().enumerate().for_each(|(b, &r)| rows[r].push(b));
    let mut paths = Vec::new();
    for arrow in &diagram.arrows {
        let mut path = vec![arrow.from];
        for row in &mut rows[row_of[arrow.from] + 1..row_of[arrow.to]] {
            items.push(Item { node: None, w: 2.0, x: 0.0 });
            row.push(items.len() - 1);
            path.push(items.len() - 1);
        }
        path.push(arrow.to);
        paths.push(path);
    }
    let (mut above, mut below) = (vec![Vec::new(); items.len()], vec![Vec::new(); items.len()]);
    for pair in paths.iter().flat_map(|p| p.windows(2)) {
        below[pair[0]].push(pair[1]);
        above[pair[1]].push(pair[0]);
    }
    (Rows { items, order: rows, above, below }, paths)
}

impl Rows {
    /// Sorts each row; where boxes stay in their order, waypoints only.
    fn sort(&mut self, in_order: bool) {
        // Crossings are counted pair by pair: pictures with so many arrows stay in the order they have.
        if self.below.iter().map(Vec::len).sum::<usize>() > MOST_PIECES {
            return;
        }
        let mut best = (self.crossings(), self.order.clone());
        for sweep in 0..SWEEPS {
            if best.0 == 0 {
                break;
            }
            let down = sweep % 2 == 0;
            for step in 1..self.order.len() {
                let row = if down { step } else { self.order.len() - 1 - step };
                let ranks = self.ranks();
                let neighbours = if down { &self.above } else { &self.below };
                let key = |i: usize| {
                    let all = &neighbours[i];
                    let sum: f64 = all.iter().map(|&n| ranks[n]).sum();
                    if all.is_empty() { ranks[i] } else { sum / all.len() as f64 }
                };
                let mut keyed: Vec<(f64, usize)> = self.order[row].iter().map(|&i| (key(i), i)).collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                let mut sorted: Vec<usize> = keyed.into_iter().map(|k| k.1).collect();
                if in_order {
                    let is_box = |i: usize| self.items[i].node.is_some();
                    let mut boxes: Vec<usize> = sorted.iter().copied().filter(|&i| is_box(i)).collect();
                    boxes.sort_unstable_by(|a, b| b.cmp(a));
                    for i in sorted.iter_mut().filter(|i| is_box(**i)) {
                        *i = boxes.pop().expect("as many boxes as before");
                    }
                }
                self.order[row] = sorted;
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.order.clone());
            }
        }
        self.order = best.1;
    }

    /// By item: its place in its row, between 0 and 1.
    fn ranks(&self) -> Vec<f64> {
        let mut ranks = vec![0.0; self.items.len()];
        for row in &self.order {
            for (i, &item) in row.iter().enumerate() {
                ranks[item] = (i as f64 + 0.5) / row.len() as f64;
            }
        }
        ranks
    }

    /// How many pairs of arrows cross between neighbouring rows.
    fn crossings(&self) -> usize {
        let ranks = self.ranks();
        let mut count = 0;
        for row in &self.order {
            let pairs: Vec<(f64, f64)> = row
                .iter()
                .flat_map(|&i| self.below[i].iter().map(|&j| (ranks[i], ranks[j])).collect::<Vec<_>>())
                .collect();
            for (i, a) in pairs.iter().enumerate() {
                count += pairs[i + 1..].iter().filter(|b| (a.0 - b.0) * (a.1 - b.1) < 0.0).count();
            }
        }
        count
    }

    /// Gives each item a centre.
    fn place(&mut self) {
        for row in 0..self.order.len() {
            self.settle(row, |_| 0.0);
        }
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            for step in 0..self.order.len() {
                let row = if down { step } else { self.order.len() - 1 - step };
                let x: Vec<f64> = self.items.iter().map(|i| i.x).collect();
                let mean = |all: &[usize], own: f64| {
                    let sum: f64 = all.iter().map(|&n| x[n]).sum();
                    if all.is_empty() { own } else { sum / all.len() as f64 }
                };
                let (above, below) = (std::mem::take(&mut self.above), std::mem::take(&mut self.below));
                self.settle(row, |i| {
                    let (first, second) = if down { (&above[i], &below[i]) } else { (&below[i], &above[i]) };
                    if first.is_empty() { mean(second, x[i]) } else { mean(first, x[i]) }
                });
                (self.above, self.below) = (above, below);
            }
        }
        let left = self.items.iter().map(|i| i.x - i.w / 2.0).fold(f64::INFINITY, f64::min);
        self.items.iter_mut().for_each(|i| i.x -= left);
    }

    /// Places a row as near to what is wished for as order and widths allow: least squares, by pooling neighbours that
    /// would overlap.
    fn settle(&mut self, row: usize, wish: impl Fn(usize) -> f64) {
        let order = &self.order[row];
        let mut offsets = Vec::with_capacity(order.len());
        let mut at = 0.0;
        for (i, &item) in order.iter().enumerate() {
            if i > 0 {
                let (a, b) = (&self.items[order[i - 1]], &self.items[item]);
                let gap = if a.node.is_some() && b.node.is_some() { GAP } else { WAY_GAP };
                at += a.w / 2.0 + gap + b.w / 2.0;
            }
            offsets.push(at);
        }
        // Pools of items that touch: (sum of wishes, how many).
        let mut pools: Vec<(f64, usize)> = Vec::new();
        for (&item, offset) in order.iter().zip(&offsets) {
            let mut pool = (wish(item) - offset, 1);
            while let Some(&(sum, count)) = pools.last()
                && sum / count as f64 > pool.0 / pool.1 as f64
            {
                pool = (pool.0 + sum, pool.1 + count);
                pools.pop();
            }
            pools.push(pool);
        }
        let starts = pools.iter().flat_map(|&(sum, count)| std::iter::repeat_n(sum / count as f64, count));
        let centres: Vec<f64> = starts.zip(&offsets).map(|(s, o)| s + o).collect();
        for (&item, x) in self.order[row].iter().zip(centres) {
            self.items[item].x = x;
        }
    }
}

/// Heights, and the points of the arrows.
fn finish(diagram: &Diagram, sizes: &[(f64, f64)], row_of: &[usize], rows: &Rows, paths: &[Vec<usize>]) -> Laid {
    let between = if diagram.arrows.is_empty() { 24.0 } else { 46.0 };
    let mut band_of = vec![0; rows.order.len()];
    row_of.iter().enumerate().for_each(|(b, &r)| band_of[r] = diagram.boxes[b].band);
    let (mut y, mut tops, mut heights) = (0.0, Vec::new(), Vec::new());
    for row in 0..rows.order.len() {
        let tall = rows.order[row].iter().filter_map(|&i| rows.items[i].node).map(|b| sizes[b].1).fold(0.0, f64::max);
        tops.push(y);
        heights.push(tall);
        y += tall + between;
    }
    let bands = (0..diagram.bands.len()).map(|band| {
        let mine = || (0..tops.len()).filter(|&r| band_of[r] == band);
        let (first, last) = (mine().next(), mine().next_back());
        let top = first.map_or(0.0, |r| tops[r]);
        (top, last.map_or(0.0, |r| tops[r] + heights[r]) - top)
    });
    let bands = bands.collect();
    let boxes: Vec<Place> = sizes
        .iter()
        .enumerate()
        .map(|(b, &(w, h))| Place { x: rows.items[b].x - w / 2.0, y: tops[row_of[b]], w, h })
        .collect();
    let mut item_row = vec![0; rows.items.len()];
    for (r, row) in rows.order.iter().enumerate() {
        for &i in row {
            item_row[i] = r;
        }
    }
    let (leaving, reaching) = (ports(diagram, paths, rows, false), ports(diagram, paths, rows, true));
    let arrows = paths.iter().enumerate().map(|(a, path)| {
        let mut points = vec![(leaving[a], boxes[path[0]].y + boxes[path[0]].h)];
        for &way in &path[1..path.len() - 1] {
            let (x, r) = (rows.items[way].x, item_row[way]);
            points.extend([(x, tops[r]), (x, tops[r] + heights[r])]);
        }
        points.push((reaching[a], boxes[path[path.len() - 1]].y));
        points
    });
    let right = rows.items.iter().map(|i| i.x + i.w / 2.0).fold(0.0, f64::max);
    Laid { arrows: arrows.collect(), size: (right, (y - between).max(0.0)), boxes, bands }
}

/// By arrow: where along its box it begins or ends. Arrows at one side of a box stand beside each other, in the order of
/// where they come from or go to.
fn ports(diagram: &Diagram, paths: &[Vec<usize>], rows: &Rows, ends: bool) -> Vec<f64> {
    let mut x = vec![0.0; paths.len()];
    for (b, _) in diagram.boxes.iter().enumerate() {
        let side = |p: &[usize]| if ends { (p[p.len() - 1], p[p.len() - 2]) } else { (p[0], p[1]) };
        let mut mine: Vec<usize> = (0..paths.len()).filter(|&a| side(&paths[a]).0 == b).collect();
        mine.sort_by(|&p, &q| {
            let at = |a: usize| rows.items[side(&paths[a]).1].x;
            at(p).total_cmp(&at(q))
        });
        let item = &rows.items[b];
        let room = item.w - 16.0;
        let wide = mine.iter().map(|&a| label::width(&diagram.arrows[a].label, LABEL) + 10.0).fold(14.0, f64::max);
        let gaps = mine.len().saturating_sub(1).max(1) as f64;
        let step = (room / gaps).min(if ends { wide } else { 14.0 });
        for (i, &a) in mine.iter().enumerate() {
            x[a] = item.x + (i as f64 - (mine.len() as f64 - 1.0) / 2.0) * step;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::diagram::{Node, Tone};

    /// A diagram with a box for each (band, arrows from earlier boxes).
    fn diagram(shape: &[(usize, &[usize])]) -> (Diagram, Vec<(f64, f64)>) {
        let mut d = Diagram::new("");
        for _ in 0..=shape.iter().map(|s| s.0).max().unwrap_or(0) {
            d.band("", Tone::Plain);
        }
        for (i, (band, from)) in shape.iter().enumerate() {
            d.add(Node { key: i.to_string(), band: *band, ..Node::default() });
            from.iter().for_each(|&f| d.arrow(f, i, ""));
        }
        d.check();
        let sizes = (0..shape.len()).map(|i| (40.0 + 7.0 * i as f64, 20.0)).collect();
        (d, sizes)
    }

    fn disjoint(laid: &Laid) {
        for (i, a) in laid.boxes.iter().enumerate() {
            assert!(a.x >= 0.0 && a.x + a.w <= laid.size.0 + 1e-9 && a.y + a.h <= laid.size.1 + 1e-9);
            for b in &laid.boxes[i + 1..] {
                let apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
                assert!(apart, "{a:?} and {b:?} overlap");
            }
        }
    }

    #[test]
    fn boxes_do_not_overlap_and_arrows_join_them() {
        let (d, sizes) = diagram(&[(0, &[]), (0, &[]), (1, &[1]), (1, &[0, 1]), (3, &[0, 2, 3]), (3, &[1])]);
        let laid = lay_out(&d, &sizes);
        disjoint(&laid);
        for (arrow, points) in d.arrows.iter().zip(&laid.arrows) {
            let (from, to) = (laid.boxes[arrow.from], laid.boxes[arrow.to]);
            let (first, last) = (points[0], points[points.len() - 1]);
            assert!(first.1 == from.y + from.h && from.x <= first.0 && first.0 <= from.x + from.w);
            assert!(last.1 == to.y && to.x <= last.0 && last.0 <= to.x + to.w);
            assert!(points.windows(2).all(|p| p[0].1 <= p[1].1), "arrows go down");
        }
    }

    #[test]
    fn arrows_that_need_not_cross_do_not() {
        // Crossed as given: 0 -> 3, 1 -> 2.
        let (d, sizes) = diagram(&[(0, &[]), (0, &[]), (1, &[1]), (1, &[0])]);
        let laid = lay_out(&d, &sizes);
        assert_eq!(laid.boxes[0].x < laid.boxes[1].x, laid.boxes[3].x < laid.boxes[2].x);
    }

    #[test]
    fn a_wide_band_is_broken_into_rows() {
        let shape: Vec<(usize, &[usize])> = vec![(0, &[]); 100];
        let (d, sizes) = diagram(&shape);
        let laid = lay_out(&d, &sizes);
        disjoint(&laid);
        assert!(laid.size.0 < 2.0 * WIDEST, "{}", laid.size.0);
    }

    #[test]
    fn nothing_has_no_size() {
        assert_eq!(lay_out(&Diagram::new(""), &[]), Laid::default());
    }
}
