//! Padding, so that the length of a post says little of what it holds.
//!
//! Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PoPETs 2019): a
//! length L has only O(log log L) distinguishable values, at no more than 12 % overhead. `0x80` marks the end (ISO/IEC 7816-4).

use crate::error::{Error, Result};

const MIN_LENGTH: usize = 32;
const MARK: u8 = 0x80;

/// The padded length of `length` bytes.
pub(super) fn padme(length: usize) -> usize {
    if length <= MIN_LENGTH {
        return MIN_LENGTH;
    }
    let exponent = length.ilog2();
    let significant = exponent.ilog2().saturating_add(1);
    let unit = 1usize << exponent.saturating_sub(significant);
    length.checked_next_multiple_of(unit).unwrap_or(length)
}

/// Appends the mark and zeros up to the padded length.
pub(super) fn pad(bytes: &mut Vec<u8>) {
    bytes.push(MARK);
    bytes.resize(padme(bytes.len()), 0);
}

/// What was there before [`pad`].
pub(super) fn unpad(bytes: &[u8]) -> Result<&[u8]> {
    let end = bytes.iter().rposition(|byte| *byte != 0);
    end.filter(|end| bytes.get(*end) == Some(&MARK))
        .and_then(|end| bytes.get(..end))
        .ok_or(Error::InvalidFrame("padding"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_lengths_are_those_of_the_paper() {
        for (length, padded) in [
            (0, 32),
            (32, 32),
            (33, 36),
            (63, 64),
            (65, 72),
            (129, 144),
            (1000, 1024),
            (60_000, 61_440),
        ] {
            assert_eq!(padme(length), padded, "{length}");
        }
        assert!((1..100_000).all(|length| padme(length) >= length && padme(length) * 100 <= length.max(32) * 112));
    }

    #[test]
    fn what_was_padded_comes_back() {
        for bytes in [vec![], vec![0], vec![0x80], vec![0x80, 0], vec![1; 500]] {
            let mut padded = bytes.clone();
            pad(&mut padded);
            assert_eq!(unpad(&padded).unwrap(), bytes);
        }
        for wrong in [&[][..], &[0, 0], &[1, 0]] {
            assert!(unpad(wrong).is_err());
        }
    }
}
