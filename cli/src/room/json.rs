//! Events as JSON, one object each: those of the core as they are, with `type` and camelCase names, and those of the session.

use std::time::{Duration, Instant};

use hushroom::room::RoomEvent;
use serde_json::{json, Value};

use super::session::Event;
use crate::{failure::Result, report::Report};

/// How often the progress of files is told. It changes with every piece of them, thousands of times a second.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Writes events as lines for scripts.
#[derive(Debug, Default)]
pub(crate) struct JsonLines {
    progress_told: Option<Instant>,
}

impl JsonLines {
    /// Writes `event`, unless it tells of a progress that was told just before.
    pub(crate) fn write(&mut self, report: Report, event: &Event) -> Result<()> {
        if matches!(event, Event::Kept) {
            return Ok(());
        }
        let progress = match event {
            Event::Progress { .. } => true,
            Event::Room(RoomEvent::Receiver { state, .. }) => *state == "running",
            _ => false,
        };
        if progress {
            if self.progress_told.is_some_and(|told| told.elapsed() < PROGRESS_EVERY) {
                return Ok(());
            }
            self.progress_told = Some(Instant::now());
        }
        report.line(&event.to_json())
    }
}

impl Event {
    /// The event as an object with a `type`.
    fn to_json(&self) -> Value {
        match self {
            Self::Room(event) => {
                let mut value = serde_json::to_value(event).unwrap_or_default();
                // A picture of some kilobytes is not for a line of text.
                if let (RoomEvent::FileOffer { .. }, Some(object)) = (event, value.as_object_mut()) {
                    object.remove("thumbnail");
                }
                value
            }
            Self::Kept => json!({"type": "kept"}),
            Self::Reconnecting => json!({"type": "reconnecting"}),
            Self::Progress { id, bytes } => json!({"type": "progress", "id": id, "bytes": bytes}),
            Self::Received { id, result: Ok(saved) } => json!({
                "type": "received",
                "id": id,
                "path": saved.path.as_ref().map(|path| path.display().to_string()),
                "bytes": saved.bytes,
            }),
            Self::Received {
                id,
                result: Err(failure),
            } => json!({
                "type": "receive-failed",
                "id": id,
                "code": failure.code(),
                "message": failure.to_string(),
            }),
            Self::SendFailed { id, failure } => json!({
                "type": "send-failed",
                "id": id,
                "code": failure.code(),
                "message": failure.to_string(),
            }),
            Self::NotKept { failure } => json!({
                "type": "not-kept",
                "code": failure.code(),
                "message": failure.to_string(),
            }),
        }
    }
}
