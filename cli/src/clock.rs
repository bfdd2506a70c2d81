//! Waiting for a time that may never come.

use tokio::time::{sleep_until, Instant};

/// Resolves at `instant`, or never.
pub(crate) async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
