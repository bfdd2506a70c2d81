//! Encrypted files: what opens is what was sealed, from its first byte to its last, and nothing else ever opens.

use hushroom::{
    file::{
        Header, Opener, RangeOpener, Sealer, SegmentCipher, SegmentKey, SegmentSize, HEADER_BYTES, HEADER_RANDOM_BYTES,
    },
    secret::Key,
    Error, Result,
};

use super::Input;

const SEGMENT: usize = 4096;
const KEY: [u8; 32] = [7; 32];

/// Byte 0 chooses: raw bytes as a file, or a file of ours and what is done to it.
pub(crate) fn check(data: &[u8]) {
    let mut input = Input::new(data);
    if input.byte() == 0 {
        let file = input.rest();
        assert!(open(file).1.is_err(), "nobody can forge a file");
        return range(file, 0, file.len() as u64);
    }
    let plaintext = pattern(input.short() % (4 * SEGMENT));
    let sealed = seal(&plaintext);
    let mut file = sealed.clone();
    for _ in 0..8 {
        if input.is_empty() {
            break;
        }
        edit(&mut file, &mut input);
    }
    let (opened, result) = open(&file);
    assert!(plaintext.starts_with(&opened), "wrong bytes came out");
    if file == sealed {
        assert_eq!(result, Ok(()));
        assert_eq!(opened, plaintext);
    } else {
        assert!(
            matches!(result, Err(Error::DecryptFailed | Error::Truncated)),
            "{result:?}"
        );
    }
    range(&file, input.short() as u64, input.short() as u64);
}

fn edit(file: &mut Vec<u8>, input: &mut Input<'_>) {
    let (kind, at, argument) = (input.byte(), input.short(), input.byte());
    let length = file.len();
    let Some(at) = at.checked_rem(length) else { return };
    match kind % 6 {
        0 => file[at] ^= argument,
        1 => file.truncate(at),
        2 => file.extend(core::iter::repeat_n(argument, at)),
        3 => drop(file.drain(at..length.min(at + usize::from(argument)))),
        4 => file.insert(at, argument),
        _ => swap(file, at / SEGMENT, usize::from(argument)),
    }
}

/// Changes two cells round.
fn swap(file: &mut [u8], one: usize, other: usize) {
    let mut cells: Vec<Vec<u8>> = file.chunks(SEGMENT).map(<[u8]>::to_vec).collect();
    let count = cells.len();
    cells.swap(one % count, other % count);
    file.copy_from_slice(&cells.concat());
}

/// Random access, from any place to any other.
fn range(file: &[u8], start: u64, end: u64) {
    let Ok(header) = Header::parse(file) else { return };
    let Ok(mut opener) = RangeOpener::new(header, size(), file.len() as u64) else {
        return;
    };
    assert!(
        opener.segments(&(start..end)).is_err(),
        "nothing before the last segment"
    );
    opener.verified();
    let Ok(segments) = opener.segments(&(start..end)) else {
        return;
    };
    for index in segments {
        let cell = opener.cell(index);
        assert!(cell.is_ok_and(|cell| cell.offset + cell.length as u64 <= file.len() as u64));
        let part = opener.part(index, &(start..end));
        assert!(part.of_segment.end <= SEGMENT && part.at + part.of_segment.len() as u64 <= end - start);
    }
}

fn size() -> SegmentSize {
    SegmentSize::new(SEGMENT as u32).unwrap_or(SegmentSize::ROOM)
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at / 251 + at) as u8).collect()
}

fn cipher(header: &Header) -> Result<SegmentCipher> {
    SegmentKey::derive(&Key::from_slice(&KEY)?, header, b"fuzz").map(|key| SegmentCipher::new(&key))
}

fn seal(plaintext: &[u8]) -> Vec<u8> {
    let header = Header::from_random(&[3; HEADER_RANDOM_BYTES]);
    let mut file = header.encode().to_vec();
    let sealed = cipher(&header).and_then(|cipher| {
        let mut sealer = Sealer::new(header, size());
        let mut rest = plaintext;
        while rest.len() > sealer.capacity() {
            let (now, then) = rest.split_at(sealer.capacity());
            let mut buffer = now.to_vec();
            cipher.seal(sealer.next_segment(now.len())?, &mut buffer)?;
            file.extend_from_slice(&buffer);
            rest = then;
        }
        let mut buffer = rest.to_vec();
        cipher.seal(sealer.last_segment(rest.len())?, &mut buffer)?;
        file.extend_from_slice(&buffer);
        Ok(())
    });
    assert_eq!(sealed, Ok(()));
    file
}

/// The plaintext that came out, and how it ended.
fn open(file: &[u8]) -> (Vec<u8>, Result<()>) {
    let mut plaintext = vec![];
    let result = open_into(file, &mut plaintext);
    (plaintext, result)
}

fn open_into(file: &[u8], plaintext: &mut Vec<u8>) -> Result<()> {
    let header = Header::parse(file)?;
    let cipher = cipher(&header)?;
    let mut opener = Opener::new(header, size());
    let mut rest = file.get(HEADER_BYTES..).unwrap_or_default();
    loop {
        let last = rest.len() <= opener.capacity();
        let (now, then) = rest.split_at(opener.capacity().min(rest.len()));
        let mut buffer = now.to_vec();
        cipher.open(opener.next_segment(now.len(), last)?, &mut buffer)?;
        plaintext.extend_from_slice(&buffer);
        rest = then;
        if last {
            return Ok(());
        }
    }
}
