//! Colors of the chat.

use std::io::{self, IsTerminal};

use anstyle::{AnsiColor, Style};
use hushroom::room::Verification;

use crate::text::colors_wanted;

const NAMES: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Green,
    AnsiColor::Yellow,
    AnsiColor::Blue,
    AnsiColor::Magenta,
    AnsiColor::BrightCyan,
];

/// Colors, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colors(bool);

impl Colors {
    /// As the user and standard output want it.
    pub(super) fn of_stdout() -> Self {
        Self(io::stdout().is_terminal() && colors_wanted())
    }

    #[cfg(test)]
    pub(super) const fn none() -> Self {
        Self(false)
    }

    /// A member's name, always in the same color.
    pub(super) fn name(self, id: &str, name: &str) -> String {
        let hash = id.bytes().fold(0_usize, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        let color = hash.checked_rem(NAMES.len()).and_then(|index| NAMES.get(index));
        self.paint(name, Style::new().bold().fg_color(color.copied().map(Into::into)))
    }

    /// What matters less.
    pub(super) fn dim(self, text: &str) -> String {
        self.paint(text, Style::new().dimmed())
    }

    /// What should not be overlooked.
    pub(super) fn warning(self, text: &str) -> String {
        self.paint(text, Style::new().fg_color(Some(AnsiColor::Red.into())))
    }

    /// What is as it should be.
    pub(super) fn good(self, text: &str) -> String {
        self.paint(text, Style::new().fg_color(Some(AnsiColor::Green.into())))
    }

    /// What to say of a message's signature: nothing if all is well.
    pub(super) fn verification(self, verification: Verification) -> String {
        match verification {
            Verification::Verified => String::new(),
            Verification::KeyChanged => self.warning(" [ANOTHER KEY than before]"),
            Verification::Unknown => self.dim(" [key unknown]"),
            Verification::Unsigned => self.dim(" [unsigned]"),
            Verification::Failed => self.warning(" [WRONG SIGNATURE]"),
        }
    }

    fn paint(self, text: &str, style: Style) -> String {
        if self.0 {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}
