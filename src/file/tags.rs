//! A memory of tags, 16 bytes and a bit for each segment.

use super::layout::TAG_BYTES;
use crate::sorted::SortedMap;

/// Segments on one page: the bits of a `u64`.
const PAGE: u32 = u64::BITS;

type Tag = [u8; TAG_BYTES];

struct Page {
    known: u64,
    tags: [Tag; PAGE as usize],
}

/// The tag of each segment that was ever released. Pages, because segments may come in any order: one of a high index must
/// not cost more than one of a low.
#[derive(Default)]
pub(super) struct Tags(SortedMap<u32, Box<Page>>);

impl Tags {
    /// Whether `tag` is the tag of segment `index`, which it becomes if there was none.
    pub(super) fn admit(&mut self, index: u32, tag: &Tag) -> bool {
        let page = self.0.get_or_insert_with(index / PAGE, || {
            Box::new(Page {
                known: 0,
                tags: [[0; TAG_BYTES]; PAGE as usize],
            })
        });
        let Some(page) = page else { return false };
        let (slot, bit) = (index % PAGE, 1 << (index % PAGE));
        let Some(stored) = usize::try_from(slot).ok().and_then(|slot| page.tags.get_mut(slot)) else {
            return false;
        };
        if page.known & bit == 0 {
            page.known |= bit;
            *stored = *tag;
        }
        stored == tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tag_of_an_index_stays() {
        let mut tags = Tags::default();
        for index in [0, 63, 64, 65, 1_000_000, u32::MAX - 1, u32::MAX, 1] {
            assert!(tags.admit(index, &[1; 16]));
            assert!(tags.admit(index, &[1; 16]));
            assert!(!tags.admit(index, &[2; 16]));
            assert!(tags.admit(index, &[1; 16]));
        }
        assert_eq!(tags.0.len(), 4);
    }

    #[test]
    fn a_tag_of_zeros_is_remembered_too() {
        let mut tags = Tags::default();
        assert!(tags.admit(5, &[0; 16]));
        assert!(!tags.admit(5, &[1; 16]));
    }
}
