//! "Did you mean …?": the known word nearest to a mistyped one.

/// The candidate that takes the fewest edits, if these are few for the word's length.
pub(crate) fn similar<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(100).collect();
    // A word of one letter is as close to every other one.
    let most = if word.len() == 1 { 0 } else { (word.len() / 3).max(1) };
    let scored = candidates.map(|c| (edits(&word, &c.chars().collect::<Vec<_>>()), c));
    scored.filter(|&(distance, _)| distance <= most).min_by_key(|&(distance, _)| distance).map(|(_, c)| c)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let names = || ["sort", "sort_unique", "reverse", "hist"].into_iter();
        assert_eq!(similar("sotr", names()), Some("sort"));
        assert_eq!(similar("sort_uniqe", names()), Some("sort_unique"));
        assert_eq!(similar("revers", names()), Some("reverse"));
        assert_eq!(similar("transpose", names()), None);
        assert_eq!(similar("", names()), None);
    }
}
