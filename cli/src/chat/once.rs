//! Standard input as one message.

use std::io::{self, Read};

use crate::failure::{Failure, Result};

/// More than any message may have; the room tells its own limit.
const MAX_BYTES: u64 = 1 << 20;

/// All of standard input, without the line break at its end.
pub(super) async fn read() -> Result<String> {
    let read = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text)?;
        Ok::<_, io::Error>(text)
    });
    let text = read.await.map_err(|_| hushroom::Error::Internal("thread"))?;
    let text = text.map_err(|error| Failure::io("standard input", error))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Failure::Usage("standard input has no message".to_owned()));
    }
    Ok(text.to_owned())
}
