//! The bytes of an input as a program's arguments.

/// An input, read piece by piece. At its end it gives zeros, so that every input is a program.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// Reads from the start of `data`.
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At most `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> &'a [u8] {
        let (head, tail) = self.0.split_at(length.min(self.0.len()));
        self.0 = tail;
        head
    }

    /// One byte.
    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// Two bytes.
    pub(crate) fn short(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// What is left.
    #[allow(dead_code, reason = "not every check takes it")]
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}
