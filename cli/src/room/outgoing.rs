//! A file that we send: where its bytes come from, and their sealing.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _, Seek, SeekFrom},
    path::Path,
    thread,
};

use hushroom::{
    file::SegmentSize,
    room::{BulkJob, FileSealer, Room},
    Error,
};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::{
    crypt::fill,
    failure::{Failure, Result},
};

/// Sealed pieces kept of a source that cannot be read again: 4 MiB.
const MAX_KEPT: usize = 64;

/// Where the bytes of a file come from.
pub(crate) enum Source {
    /// A file that is read where and as often as it is needed.
    File { file: File, size: u64 },
    /// Memory.
    Bytes(Zeroizing<Vec<u8>>),
    /// Something that can be read once, from its start to its end.
    Stream(Box<dyn io::Read + Send>),
}

impl Source {
    /// The file at `path`. A device or a named pipe is a stream.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed = |error| Failure::file(path, error);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        if metadata.is_file() {
            let size = metadata.len();
            return Ok(Self::File { file, size });
        }
        Ok(Self::Stream(Box::new(file)))
    }

    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::File { size, .. } => Some(*size),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream(_) => None,
        }
    }

    pub(super) const fn is_replayable(&self) -> bool {
        !matches!(self, Self::Stream(_))
    }

    /// The `length` bytes at `offset`.
    fn read(&mut self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::File { file, .. } => {
                let mut bytes = vec![0; length];
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(&mut bytes)?;
                Ok(bytes)
            }
            Self::Bytes(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let part = bytes.get(start..start.saturating_add(length));
                part.map(<[u8]>::to_vec)
                    .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
            }
            Self::Stream(_) => Err(io::Error::from(io::ErrorKind::NotSeekable)),
        }
    }
}

/// A piece that was read from a stream.
pub(super) struct Read {
    pub(super) transfer: String,
    piece: io::Result<(Vec<u8>, bool)>,
}

/// A file on its way from us.
pub(super) struct Outgoing {
    source: Option<Source>,
    sealer: Option<FileSealer>,
    /// Of a stream only.
    stream: Option<Stream>,
}

/// What is kept of a source that cannot be read again.
#[derive(Default)]
struct Stream {
    started: bool,
    /// By index.
    sealed: BTreeMap<u32, Vec<u8>>,
    next: u32,
    bytes: u64,
    ended: bool,
}

impl Outgoing {
    pub(super) fn new(source: Source) -> Self {
        Self {
            stream: (!source.is_replayable()).then(Stream::default),
            source: Some(source),
            sealer: None,
        }
    }

    pub(super) const fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// Somebody takes it: a stream is read from now on. Whether that is new.
    pub(super) fn start(&mut self, id: &str, reads: &mpsc::Sender<Read>) -> bool {
        let Some(stream) = self.stream.as_mut().filter(|stream| !stream.started) else {
            return false;
        };
        let Some(Source::Stream(source)) = self.source.take() else {
            return false;
        };
        stream.started = true;
        let (id, reads) = (id.to_owned(), reads.clone());
        thread::spawn(move || read_all(source, &id, &reads));
        true
    }

    /// Whether more of a stream may be read.
    pub(super) fn wants_more(&self) -> bool {
        let stream = self.stream.as_ref();
        stream.is_some_and(|stream| stream.started && !stream.ended && stream.sealed.len() < MAX_KEPT)
    }

    /// Seals what was read.
    pub(super) fn on_read(&mut self, room: &mut Room, read: Read) -> Result<()> {
        let (plaintext, last) = read.piece.map_err(|error| Failure::io("input", error))?;
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let job = BulkJob {
            ticket: 0,
            transfer: read.transfer,
            segment: stream.next,
            plaintext_offset: stream.bytes,
            plaintext_length: plaintext.len() as u64,
            last,
        };
        stream.bytes = stream.bytes.saturating_add(job.plaintext_length);
        stream.next = stream.next.saturating_add(1);
        stream.ended = last;
        let sealed = sealer(&mut self.sealer, room, &job.transfer)?.seal(&job, plaintext)?;
        stream.sealed.insert(job.segment, sealed);
        Ok(())
    }

    /// How many pieces of a stream are ready, and its size once it has ended.
    pub(super) fn ready(&self) -> (u32, Option<u64>) {
        let stream = self.stream.as_ref();
        stream.map_or((0, None), |stream| (stream.next, stream.ended.then_some(stream.bytes)))
    }

    /// The pieces before `floor` will not be asked for again.
    pub(super) fn forget_before(&mut self, floor: u32) {
        if let Some(stream) = &mut self.stream {
            stream.sealed = stream.sealed.split_off(&floor);
        }
    }

    /// The body of the frame for `job`.
    pub(super) fn seal(&mut self, room: &mut Room, job: &BulkJob) -> Result<Vec<u8>> {
        if let Some(stream) = &self.stream {
            let kept = stream.sealed.get(&job.segment).cloned();
            return Ok(kept.ok_or(Error::Internal("a piece that is not kept"))?);
        }
        let length = usize::try_from(job.plaintext_length).map_err(|_| Error::Internal("length"))?;
        let source = self.source.as_mut().ok_or(Error::Internal("source"))?;
        let plaintext = source
            .read(job.plaintext_offset, length)
            .map_err(|error| Failure::io("the file being sent", error))?;
        Ok(sealer(&mut self.sealer, room, &job.transfer)?.seal(job, plaintext)?)
    }
}

/// The one sealer of a file: it remembers what it let out.
fn sealer<'a>(kept: &'a mut Option<FileSealer>, room: &mut Room, id: &str) -> Result<&'a mut FileSealer> {
    if kept.is_none() {
        *kept = Some(FileSealer::new(room.sealing(id)?)?);
    }
    Ok(kept.as_mut().ok_or(Error::Internal("sealer"))?)
}

/// Cuts a stream into pieces, for as long as somebody takes them.
fn read_all(mut source: Box<dyn io::Read + Send>, id: &str, reads: &mpsc::Sender<Read>) {
    let mut ahead: Option<Vec<u8>> = None;
    let mut index = 0;
    loop {
        let capacity = SegmentSize::ROOM.capacity(index);
        index = 1;
        let mut bytes = Vec::new();
        let piece = match fill(&mut source, &mut bytes, capacity) {
            Err(error) => Err(error),
            // Only now is it known whether the piece before was the last.
            Ok(count) => match (ahead.take(), count) {
                (None, 0) => Ok((bytes, true)),
                (None, _) if count < capacity => Ok((bytes, true)),
                (Some(before), 0) => Ok((before, true)),
                (before, _) => {
                    ahead = Some(bytes);
                    let Some(before) = before else { continue };
                    Ok((before, false))
                }
            },
        };
        let over = !matches!(&piece, Ok((_, false)));
        let read = Read {
            transfer: id.to_owned(),
            piece,
        };
        if reads.blocking_send(read).is_err() || over {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_cut_as_the_format_wants_it() {
        let (first, rest) = (SegmentSize::ROOM.capacity(0), SegmentSize::ROOM.capacity(1));
        for (length, expected) in [
            (0, vec![0]),
            (1, vec![1]),
            (first, vec![first]),
            (first + 1, vec![first, 1]),
            (first + rest, vec![first, rest]),
            (first + rest + 1, vec![first, rest, 1]),
        ] {
            let (sender, mut reads) = mpsc::channel(4);
            read_all(Box::new(io::Cursor::new(vec![7; length])), "id", &sender);
            drop(sender);
            let mut pieces = vec![];
            while let Ok(read) = reads.try_recv() {
                pieces.push(read.piece.unwrap());
            }
            assert_eq!(
                pieces.iter().map(|(bytes, _)| bytes.len()).collect::<Vec<_>>(),
                expected
            );
            assert_eq!(pieces.iter().filter(|(_, last)| *last).count(), 1);
            assert!(pieces.last().unwrap().1);
        }
    }
}
