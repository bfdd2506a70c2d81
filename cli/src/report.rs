//! Lines for scripts, on standard output.

use std::io::{self, Write};

use serde_json::Value;

use crate::{
    failure::{Failure, Result},
    text::escape_json,
};

/// How to tell what happens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    /// One JSON object per line.
    pub(crate) json: bool,
    /// No progress.
    pub(crate) quiet: bool,
}

impl Report {
    /// Writes one object as a line, at once.
    pub(crate) fn line(self, value: &Value) -> Result<()> {
        print_line(&escape_json(&value.to_string()))
    }
}

/// Writes `text` as a line of standard output, at once.
pub(crate) fn print_line(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::io("standard output", error))
}
