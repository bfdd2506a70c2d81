//! Progress on standard error, where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::Report;

/// Redraws a second: enough to look alive.
const HERTZ: u8 = 10;

/// A bar, or nothing.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// Shows `what`, and how much of `total` bytes is done where that is known.
    pub(crate) fn new(report: &Report, what: &str, total: Option<u64>) -> Self {
        // indicatif hides what would not be seen on a terminal.
        let target = if report.quiet || report.json {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(HERTZ)
        };
        let bar = ProgressBar::with_draw_target(total, target);
        let template = match total {
            Some(_) => "{msg} {bar:30} {percent}%  {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left",
            None => "{msg} {spinner} {bytes}  {bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// `count` bytes more are done.
    pub(crate) fn add(&self, count: usize) {
        self.0.inc(count as u64);
    }

    /// `count` bytes are done.
    pub(crate) fn set(&self, count: u64) {
        self.0.set_position(count);
    }

    /// How much there is turned out.
    pub(crate) fn set_total(&self, total: u64) {
        self.0.set_length(total);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}
