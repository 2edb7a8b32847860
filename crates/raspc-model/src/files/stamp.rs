//! Stamps of files: length and a 64-bit FNV-1a hash.
//!
//! Each byte enters the hash by a bijection of its state, so two files of one length that differ in one byte never share a stamp;
//! other damage goes unseen once in 2^64.

use serde::{Deserialize, Serialize};

/// Length and hash of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stamp {
    bytes: u64,
    /// 16 hexadecimal digits.
    fnv1a: String,
}

impl Stamp {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let hash =
            bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self { bytes: bytes.len() as u64, fnv1a: format!("{hash:016x}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published test vectors of FNV-1a, 64 bits.
    #[test]
    fn is_fnv1a() {
        assert_eq!(Stamp::of(b"").fnv1a, "cbf29ce484222325");
        assert_eq!(Stamp::of(b"a").fnv1a, "af63dc4c8601ec8c");
        assert_eq!(Stamp::of(b"foobar").fnv1a, "85944171f73967e8");
    }
}
