//! Which positions of a long input are shown.

/// Longer inputs are shown in part.
const MOST: usize = 48;
/// How many of the last positions are shown then.
const LAST: usize = 12;

/// Positions to show: all, or the first and the last with nothing (`None`) for those between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The positions, `None` for a gap.
    pub(super) shown: Vec<Option<usize>>,
    n: usize,
}

impl Window {
    /// The window on `n` positions.
    pub(super) fn new(n: usize) -> Self {
        if n <= MOST {
            return Self { shown: (0..n).map(Some).collect(), n };
        }
        let first = (0..MOST - LAST - 1).map(Some);
        Self { shown: first.chain([None]).chain((n - LAST..n).map(Some)).collect(), n }
    }

    /// What is left out, in words.
    pub(super) fn note(&self) -> Option<String> {
        let left_out = self.n - self.shown.iter().flatten().count();
        let from = MOST - LAST - 1;
        (left_out > 0)
            .then(|| format!("… stands for positions {from} to {}, which are not shown.", from + left_out - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_shown_or_spoken_of() {
        assert_eq!(Window::new(48).shown, (0..48).map(Some).collect::<Vec<_>>());
        let long = Window::new(1000);
        assert_eq!(long.shown.len(), MOST);
        assert_eq!((long.shown[34], long.shown[35], long.shown[36]), (Some(34), None, Some(988)));
        assert_eq!(long.note().as_deref(), Some("… stands for positions 35 to 987, which are not shown."));
        assert_eq!(Window::new(0).note(), None);
    }
}
