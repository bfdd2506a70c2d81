//! Segment by segment from a source through the cipher into a sink: read, turned and written at the same time, in constant
//! memory.

use std::{
    io::{self, Read, Write},
    sync::mpsc::{channel, sync_channel, Receiver, Sender, SyncSender},
    thread,
};

use zeroize::Zeroizing;

use crate::failure::{Failure, Result};

/// Buffers that go round: enough for reading and writing to go on while a segment is turned, and few enough to stay in a
/// core's cache.
const BUFFERS: usize = 4;
type Buffer = Zeroizing<Vec<u8>>;

/// A piece of the source.
struct Piece {
    buffer: Buffer,
    last: bool,
}

/// How a source is cut: the first piece has `first` bytes, all others have `rest`, but the last, which may be shorter. Only a
/// source without any bytes has an empty piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) first: usize,
    pub(super) rest: usize,
    /// Bytes by which a piece may grow when it is turned.
    pub(super) growth: usize,
}

/// Cuts `source`, hands each piece to `turn`, which changes it in place and is told whether it is the last, and writes what it
/// has become. `written` hears of the bytes of the source that are done with.
pub(super) fn pump(
    source: impl Read + Send + 'static,
    sink: &mut (impl Write + Send),
    cut: Cut,
    mut turn: impl FnMut(&mut Vec<u8>, bool) -> Result<()>,
    written: impl Fn(usize) + Send,
) -> Result<()> {
    let (to_turn, pieces) = sync_channel::<io::Result<Piece>>(BUFFERS);
    let (to_write, turned) = sync_channel::<(usize, Buffer)>(BUFFERS);
    let (give_back, empty) = channel::<Buffer>();
    for _ in 0..BUFFERS {
        let buffer = Vec::with_capacity(cut.first.max(cut.rest).saturating_add(cut.growth));
        let _ = give_back.send(Zeroizing::new(buffer));
    }
    // Not waited for: it may be blocked in a pipe that gives nothing more.
    thread::spawn(move || read(source, cut, &empty, &to_turn));
    thread::scope(|scope| {
        // The writer alone gives buffers back: when it ends, so does the reader, and then the pieces.
        let writer = scope.spawn(move || write(sink, &turned, &give_back, written));
        let mut result = Ok(());
        while let Ok(piece) = pieces.recv() {
            let step = piece
                .map_err(|error| Failure::io("input", error))
                .and_then(|mut piece| {
                    let length = piece.buffer.len();
                    turn(&mut piece.buffer, piece.last)?;
                    Ok((length, piece.buffer))
                });
            let done = match step {
                Ok(done) => done,
                Err(error) => {
                    result = Err(error);
                    break;
                }
            };
            // The writer is gone only when it failed, which it says itself.
            if to_write.send(done).is_err() {
                break;
            }
        }
        // The threads end when their channels do.
        drop((pieces, to_write));
        let written = writer.join().map_err(|_| hushroom::Error::Internal("writer"))?;
        result.and(written.map_err(|error| Failure::io("output", error)))
    })
}

/// Reads one piece ahead: only then is it known whether the one before was the last.
fn read(mut source: impl Read, cut: Cut, empty: &Receiver<Buffer>, pieces: &SyncSender<io::Result<Piece>>) {
    let mut ahead: Option<Buffer> = None;
    let mut length = cut.first;
    while let Ok(mut buffer) = empty.recv() {
        let got = fill(&mut source, &mut buffer, length);
        let ended = match got {
            Ok(count) => count < length,
            Err(error) => {
                let _ = pieces.send(Err(error));
                return;
            }
        };
        let nothing = buffer.is_empty();
        if let Some(before) = ahead.take() {
            let last = ended && nothing;
            let piece = Piece { buffer: before, last };
            if pieces.send(Ok(piece)).is_err() || last {
                return;
            }
        }
        if ended {
            let _ = pieces.send(Ok(Piece { buffer, last: true }));
            return;
        }
        ahead = Some(buffer);
        length = cut.rest;
    }
}

/// Fills `buffer` with `length` bytes, or what there is.
pub(crate) fn fill(source: &mut impl Read, buffer: &mut Vec<u8>, length: usize) -> io::Result<usize> {
    // A buffer that comes back has about this length: nothing much is filled with zeros.
    buffer.resize(length, 0);
    let mut filled = 0;
    while let Some(space) = buffer.get_mut(filled..).filter(|space| !space.is_empty()) {
        match source.read(space) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(filled)
}

fn write(
    sink: &mut impl Write,
    turned: &Receiver<(usize, Buffer)>,
    give_back: &Sender<Buffer>,
    written: impl Fn(usize),
) -> io::Result<()> {
    while let Ok((length, buffer)) = turned.recv() {
        sink.write_all(&buffer)?;
        written(length);
        let _ = give_back.send(buffer);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Gives `step` bytes at a time.
    struct Slow(Cursor<Vec<u8>>, usize);

    impl Read for Slow {
        fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
            let count = space.len().min(self.1);
            self.0.read(&mut space[..count])
        }
    }

    fn pieces(length: usize, step: usize) -> Vec<(usize, bool)> {
        let bytes = vec![1; length];
        let source = Slow(Cursor::new(bytes.clone()), step);
        let mut seen = vec![];
        let mut sink = vec![];
        let cut = Cut {
            first: 6,
            rest: 10,
            growth: 0,
        };
        let turn = |buffer: &mut Vec<u8>, last| {
            seen.push((buffer.len(), last));
            Ok(())
        };
        pump(source, &mut sink, cut, turn, |_| ()).unwrap();
        assert_eq!(sink, bytes);
        seen
    }

    #[test]
    fn cutting() {
        for step in [1, 4, 6, 10, 100] {
            assert_eq!(pieces(0, step), [(0, true)]);
            assert_eq!(pieces(5, step), [(5, true)]);
            assert_eq!(pieces(6, step), [(6, true)]);
            assert_eq!(pieces(7, step), [(6, false), (1, true)]);
            assert_eq!(pieces(16, step), [(6, false), (10, true)]);
            assert_eq!(pieces(17, step), [(6, false), (10, false), (1, true)]);
            assert_eq!(pieces(256, step).len(), 26);
        }
    }

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn whatever_fails_ends_it() {
        let cut = Cut {
            first: 6,
            rest: 10,
            growth: 0,
        };
        let input = || Cursor::new(vec![0; 100_000]);
        let code = |result: Result<()>| result.unwrap_err().code();
        assert_eq!(code(pump(Broken, &mut vec![], cut, |_, _| Ok(()), |_| ())), "IO");
        assert_eq!(code(pump(input(), &mut Broken, cut, |_, _| Ok(()), |_| ())), "IO");
        let failing = |_: &mut Vec<u8>, _| Err(hushroom::Error::DecryptFailed.into());
        assert_eq!(code(pump(input(), &mut vec![], cut, failing, |_| ())), "DECRYPT_FAILED");
    }
}
