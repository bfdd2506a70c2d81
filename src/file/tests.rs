//! Whole files through the state machines and the native engine.

use core::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::{
    error::{Error, Result},
    secret::Key,
};

/// Seals `plaintext` as a file.
pub(super) fn seal(key: &[u8], header: Header, associated_data: &[u8], size: SegmentSize, plaintext: &[u8]) -> Vec<u8> {
    let key = SegmentKey::derive(&Key::from_slice(key).unwrap(), &header, associated_data).unwrap();
    let cipher = SegmentCipher::new(&key);
    let mut file = header.encode().to_vec();
    let mut sealer = Sealer::new(header, size);
    let mut rest = plaintext;
    while rest.len() > sealer.capacity() {
        let (now, then) = rest.split_at(sealer.capacity());
        let mut buffer = now.to_vec();
        cipher
            .seal(sealer.next_segment(now.len()).unwrap(), &mut buffer)
            .unwrap();
        file.extend_from_slice(&buffer);
        rest = then;
    }
    let mut buffer = rest.to_vec();
    cipher
        .seal(sealer.last_segment(rest.len()).unwrap(), &mut buffer)
        .unwrap();
    file.extend_from_slice(&buffer);
    file
}

/// Opens a file from start to end.
pub(super) fn open(key: &[u8], associated_data: &[u8], size: SegmentSize, file: &[u8]) -> Result<Vec<u8>> {
    let header = Header::parse(file)?;
    let key = SegmentKey::derive(&Key::from_slice(key)?, &header, associated_data)?;
    let cipher = SegmentCipher::new(&key);
    let mut opener = Opener::new(header, size);
    let mut rest = &file[HEADER_BYTES..];
    let mut plaintext = vec![];
    loop {
        let last = rest.len() <= opener.capacity();
        let (now, then) = rest.split_at(opener.capacity().min(rest.len()));
        let mut buffer = now.to_vec();
        let attempt = opener.next_segment(now.len(), last)?;
        let opened = cipher.open(attempt, &mut buffer);
        if opened.is_err() {
            assert!(
                buffer.is_empty() || buffer == now,
                "plaintext of a segment that did not open"
            );
        }
        opened?;
        plaintext.extend_from_slice(&buffer);
        rest = then;
        if last {
            return Ok(plaintext);
        }
    }
}

/// Opens a range of a file; also the indices of the segments that were opened, in that order.
pub(super) fn open_range(
    key: &[u8],
    associated_data: &[u8],
    size: SegmentSize,
    file: &[u8],
    range: &Range<u64>,
) -> Result<(Vec<u8>, Vec<u32>)> {
    let header = Header::parse(file)?;
    let key = SegmentKey::derive(&Key::from_slice(key)?, &header, associated_data)?;
    let cipher = SegmentCipher::new(&key);
    let mut opener = RangeOpener::new(header, size, file.len().try_into().unwrap())?;
    let mut opened = vec![];
    let mut decrypt = |opener: &RangeOpener, cell: Cell| {
        opened.push(cell.index);
        let offset = usize::try_from(cell.offset).unwrap();
        let mut buffer = file[offset..offset + cell.length].to_vec();
        cipher.open(opener.attempt(cell.index, buffer.len())?, &mut buffer)?;
        Ok(buffer)
    };
    let last = opener.last();
    let end = decrypt(&opener, last)?;
    opener.verified();
    let mut plaintext = vec![];
    for index in opener.segments(range)? {
        let segment = if index == last.index {
            end.clone()
        } else {
            decrypt(&opener, opener.cell(index)?)?
        };
        let Part { of_segment, at } = opener.part(index, range);
        assert_eq!(at, plaintext.len() as u64);
        plaintext.extend_from_slice(&segment[of_segment]);
    }
    Ok((plaintext, opened))
}

const S: usize = 4096;

fn size() -> SegmentSize {
    SegmentSize::new(4096).unwrap()
}

fn header() -> Header {
    Header::from_random(&[7; HEADER_RANDOM_BYTES])
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + i / 251) as u8).collect()
}

#[test]
fn every_edge_of_a_segment_round_trips() {
    for cells in 0..3 {
        for offset in [0, 1, S - 57, S - 56, S - 55, S - 17, S - 16, S - 15, S - 1] {
            let plaintext = bytes(cells * S + offset);
            let file = seal(&[1; 32], header(), b"ad", size(), &plaintext);
            assert_eq!(file.len() as u64, encrypted_size(plaintext.len() as u64, 4096).unwrap());
            assert_eq!(open(&[1; 32], b"ad", size(), &file).unwrap(), plaintext);
        }
    }
}

#[test]
fn a_wrong_key_and_wrong_associated_data_are_one_error() {
    let file = seal(&[1; 32], header(), b"ad", size(), &bytes(2 * S));
    assert_eq!(open(&[2; 32], b"ad", size(), &file), Err(Error::DecryptFailed));
    assert_eq!(open(&[1; 32], b"", size(), &file), Err(Error::DecryptFailed));
    assert_eq!(
        open(&[1; 32], b"ad", SegmentSize::new(4097).unwrap(), &file),
        Err(Error::DecryptFailed)
    );
}

#[test]
fn every_cut_is_noticed() {
    let file = seal(&[1; 32], header(), b"", size(), &bytes(2 * S + 100));
    let near_an_edge = |length: &usize| length % S < 60 || length % S > S - 3 || length.is_multiple_of(97);
    for length in (0..file.len()).filter(near_an_edge) {
        let error = open(&[1; 32], b"", size(), &file[..length]).unwrap_err();
        let at_an_edge =
            length < HEADER_BYTES + TAG_BYTES || length.checked_rem(S).is_some_and(|rest| rest < TAG_BYTES);
        let expected = if at_an_edge {
            Error::Truncated
        } else {
            Error::DecryptFailed
        };
        assert_eq!(error, expected, "{length}");
    }
}

#[test]
fn whatever_follows_is_refused() {
    for length in [2 * S - 72, 2 * S - 70, 5] {
        let file = seal(&[1; 32], header(), b"", size(), &bytes(length));
        for extra in [1, 15, 16, 17, S - 1, S, S + 1, 3 * S] {
            let longer = [&file[..], &vec![0; extra]].concat();
            let error = open(&[1; 32], b"", size(), &longer).unwrap_err();
            assert_eq!(error, Error::DecryptFailed, "{length} {extra}");
            assert!(open_range(&[1; 32], b"", size(), &longer, &(0..1)).is_err());
        }
    }
}

#[test]
fn a_range_opens_the_last_segment_first_and_no_other_in_vain() {
    let plaintext = bytes(5 * S);
    let file = seal(&[1; 32], header(), b"", size(), &plaintext);
    let opened = |range| open_range(&[1; 32], b"", size(), &file, &range).unwrap();
    assert_eq!(opened(0..0), (vec![], vec![5]));
    assert_eq!(opened(5000..5010), (plaintext[5000..5010].to_vec(), vec![5, 1]));
    assert_eq!(opened(4000..9000), (plaintext[4000..9000].to_vec(), vec![5, 0, 1, 2]));
    assert_eq!(opened(20_300..20_480), (plaintext[20_300..].to_vec(), vec![5, 4]));
    let cut = open_range(&[1; 32], b"", size(), &file[..3 * S], &(0..1));
    assert_eq!(cut.unwrap_err(), Error::Truncated);
    let beyond = open_range(&[1; 32], b"", size(), &file, &(0..5 * S as u64 + 1));
    assert_eq!(beyond.unwrap_err().code(), "OUT_OF_RANGE");
}

#[test]
fn debug_prints_no_secret() {
    let key = SegmentKey::derive(&Key::from_slice(&[1; 32]).unwrap(), &header(), b"").unwrap();
    assert_eq!(format!("{key:?}"), "SegmentKey(Secret(..))");
    assert_eq!(format!("{:?}", SegmentCipher::new(&key)), "SegmentCipher(..)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn round_trips(
        key: [u8; 32],
        salt in prop::array::uniform32(any::<u8>()),
        associated_data in prop::collection::vec(any::<u8>(), 0..64),
        segment in 57_u32..600,
        plaintext in prop::collection::vec(any::<u8>(), 0..3000),
        ends in (0_u64..3000, 0_u64..3000),
    ) {
        let mut random = [3; HEADER_RANDOM_BYTES];
        random[..32].copy_from_slice(&salt);
        let size = SegmentSize::of_tink(segment).unwrap();
        let file = seal(&key, Header::from_random(&random), &associated_data, size, &plaintext);
        prop_assert_eq!(file.len() as u64, Layout::of_plaintext(plaintext.len() as u64, size).unwrap().encrypted_size());
        prop_assert_eq!(&open(&key, &associated_data, size, &file).unwrap(), &plaintext);
        let length = plaintext.len() as u64;
        let (a, b) = (ends.0.min(length), ends.1.min(length));
        let range = a.min(b)..a.max(b);
        let (part, _) = open_range(&key, &associated_data, size, &file, &range).unwrap();
        prop_assert_eq!(&part, &plaintext[range.start as usize..range.end as usize]);
    }

    #[test]
    fn a_changed_byte_is_noticed(at in 0_usize..9000, by in 1_u8.., length in 0_usize..9000) {
        let mut file = seal(&[1; 32], header(), b"", size(), &bytes(length));
        let at = at % file.len();
        file[at] ^= by;
        prop_assert_eq!(open(&[1; 32], b"", size(), &file), Err(Error::DecryptFailed));
    }

    #[test]
    fn any_bytes_are_refused(file: Vec<u8>) {
        prop_assert!(open(&[1; 32], b"", size(), &file).is_err());
        prop_assert!(open_range(&[1; 32], b"", size(), &file, &(0..1)).is_err());
    }
}
