//! What is done to bytes that were right.

use super::Input;

/// Up to four changes, as `input` says: none, if it says nothing.
pub(crate) fn change(mut bytes: Vec<u8>, input: &mut Input<'_>) -> Vec<u8> {
    for _ in 0..4 {
        let deed = input.byte();
        if deed == 0 {
            break;
        }
        let at = input.short() % (bytes.len() + 1);
        match deed % 6 {
            0 => bytes.truncate(at),
            1 | 2 => {
                let with = input.byte();
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= with);
            }
            3 => bytes.insert(at, input.byte()),
            4 => {
                let length = usize::from(input.byte());
                let new = input.take(length);
                let end = (at + new.len()).min(bytes.len());
                bytes.splice(at..end, new.iter().copied());
            }
            _ => {
                let end = (at + usize::from(input.byte())).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.extend(piece);
            }
        }
        bytes.truncate(70_000);
    }
    bytes
}
