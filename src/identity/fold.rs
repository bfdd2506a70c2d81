//! Names and rooms, made comparable.

use sha2::{Digest, Sha256};

/// Stands for a name in a room, so that a stolen store does not tell who was where.
pub(super) type Place = [u8; 16];

/// The place of a name in a room. Names that fold to one have one.
pub(super) fn place_of(room_id: &str, name: &str) -> Place {
    place(b"hushroom/1 pin\0", room_id, &fold(name))
}

/// The place of a room's one other member.
pub(super) fn place_of_partner(room_id: &str) -> Place {
    place(b"hushroom/1 partner\0", room_id, "")
}

fn place(label: &[u8], room_id: &str, name: &str) -> Place {
    // Room ids have 21 bytes; of one that is longer than a length can say, the digest still covers all.
    let length = u8::try_from(room_id.len()).unwrap_or(u8::MAX);
    let digest = Sha256::new()
        .chain_update(label)
        .chain_update([length])
        .chain_update(room_id)
        .chain_update(name)
        .finalize();
    let mut place = Place::default();
    place.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    place
}

/// In lower case, full-width letters as plain ones, and without what nobody sees. Letters of different scripts that look
/// alike stay different, and so do a letter with an accent and a letter followed by one: for that the tables of Unicode
/// would be needed.
pub(super) fn fold(name: &str) -> String {
    name.chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32((c as u32).wrapping_sub(0xfee0)).unwrap_or(c),
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// What a cleaned name may still hold and nobody sees: joiners, fillers and variation selectors.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}
