//! Padding under a block cipher that pads by itself.
//!
//! AES-CBC adds 1 to 16 bytes (PKCS#7), so padding to a multiple of 16 first would always cost a whole block more. Here the
//! padded plaintext ends one byte short of a block, and CBC adds exactly that byte. The sizes are those of Padmé (Nikitin et
//! al., `PoPETs` 2019), at least 64 bytes and in whole blocks; up to 512 bytes Padmé's own steps are no coarser than a block.
//! `0x80` marks the end (ISO/IEC 7816-4).

use crate::error::{Error, Result};

const BLOCK: usize = 16;
const MIN_LENGTH: usize = 64;
const MARK: u8 = 0x80;

/// The ciphertext's length for `length` bytes of content.
pub(super) fn ciphertext_length(length: usize) -> usize {
    // One byte for the mark, one for CBC.
    let least = length.saturating_add(2).max(MIN_LENGTH);
    let exponent = least.ilog2();
    let significant = exponent.ilog2().saturating_add(1);
    let unit = (1usize << exponent.saturating_sub(significant)).max(BLOCK);
    least.checked_next_multiple_of(unit).unwrap_or(least)
}

/// Appends the mark and zeros.
pub(super) fn pad(bytes: &mut Vec<u8>) {
    let target = ciphertext_length(bytes.len()).saturating_sub(1);
    bytes.push(MARK);
    bytes.resize(target, 0);
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
    fn lengths_are_whole_blocks_and_cost_little() {
        for (length, expected) in [
            (0, 64),
            (62, 64),
            (63, 80),
            (250, 256),
            (254, 256),
            (255, 272),
            (600, 608),
            (1000, 1024),
        ] {
            assert_eq!(ciphertext_length(length), expected, "{length}");
        }
        for length in 0..70_000 {
            let padded = ciphertext_length(length);
            assert!(padded.is_multiple_of(BLOCK) && padded >= length + 2);
            assert!(
                padded <= (length + 2 + BLOCK).max(MIN_LENGTH) || padded * 100 <= (length + 2) * 112,
                "{length}"
            );
        }
    }

    #[test]
    fn what_was_padded_comes_back() {
        for bytes in [vec![], vec![0], vec![0x80], vec![0x80, 0], vec![1; 500]] {
            let mut padded = bytes.clone();
            pad(&mut padded);
            assert!((padded.len() + 1).is_multiple_of(BLOCK));
            assert_eq!(unpad(&padded).unwrap(), bytes);
        }
        for wrong in [&[][..], &[0, 0], &[1, 0]] {
            assert!(unpad(wrong).is_err());
        }
    }
}
