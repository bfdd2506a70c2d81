//! What a typed line asks for.

use std::path::PathBuf;

/// What `/help` prints.
pub(super) const HELP: &str = "\
/send PATH              offer a file to everybody here
/accept [N] [PATH]      take a file that was offered, into PATH or this folder
/decline [N]            refuse it
/cancel [N]             stop a file that is on its way
/reply [#N] TEXT        answer message N, or the last one
/react [#N] EMOJI       react to message N, or the last one
/members                who is here
/verify                 safety numbers, to compare with others, and unverified messages
/verify WHO [yes|no]    WHO's safety number; yes once you have compared it, no takes that back
/compare WHO            compare pictures with WHO at the same time, or agree to
/match [WHO] yes|no     whether the pictures are the same; no gives up, too
/accept-key WHO         take a key that has taken another's place
/code                   the room's share code
/quit                   leave
//TEXT                  a message that starts with /

WHO is a name, or the number that /members shows.";

/// The commands, for completion.
pub(super) const COMMANDS: [&str; 14] = [
    "/accept",
    "/accept-key",
    "/cancel",
    "/code",
    "/compare",
    "/decline",
    "/help",
    "/match",
    "/members",
    "/quit",
    "/react",
    "/reply",
    "/send",
    "/verify",
];

/// What a typed line asks for. Numbers are those shown with messages and files; none is the last one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    Nothing,
    Say(String),
    Send(PathBuf),
    Accept(Option<u32>, Option<PathBuf>),
    Decline(Option<u32>),
    Cancel(Option<u32>),
    Reply(Option<u32>, String),
    React(Option<u32>, String),
    Members,
    /// A member, perhaps, and perhaps yes or no.
    Verify(String),
    /// A member.
    AcceptKey(String),
    /// A member.
    Compare(String),
    /// A member, perhaps, and yes or no.
    Match(String),
    Code,
    Help,
    Quit,
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it, for people.
pub(super) fn parse(line: &str) -> Result<Action, String> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(Action::Nothing);
    }
    let Some(rest) = line.strip_prefix('/') else {
        return Ok(Action::Say(line.to_owned()));
    };
    if rest.starts_with('/') {
        return Ok(Action::Say(rest.to_owned()));
    }
    let (command, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let rest = rest.trim();
    let needed = |what: &str| format!("/{command} needs {what}; /help explains");
    match command {
        "send" if rest.is_empty() => Err(needed("a file")),
        "send" => Ok(Action::Send(path(rest))),
        "accept" => {
            let (number, rest) = number(rest, "");
            Ok(Action::Accept(number, (!rest.is_empty()).then(|| path(rest))))
        }
        "decline" | "cancel" => {
            let (number, unread) = number(rest, "");
            match (command, unread) {
                ("decline", "") => Ok(Action::Decline(number)),
                (_, "") => Ok(Action::Cancel(number)),
                _ => Err(needed("the number of a file")),
            }
        }
        "reply" | "react" => {
            let (number, text) = number(rest, "#");
            match (command, text) {
                ("reply", "") => Err(needed("a text")),
                ("reply", text) => Ok(Action::Reply(number, text.to_owned())),
                (_, "") => Err(needed("an emoji")),
                (_, emoji) => Ok(Action::React(number, emoji.to_owned())),
            }
        }
        "members" => Ok(Action::Members),
        "verify" => Ok(Action::Verify(rest.to_owned())),
        "compare" | "accept-key" if rest.is_empty() => Err(needed("a member")),
        "compare" => Ok(Action::Compare(rest.to_owned())),
        "accept-key" => Ok(Action::AcceptKey(rest.to_owned())),
        "match" if rest.is_empty() => Err(needed("yes or no")),
        "match" => Ok(Action::Match(rest.to_owned())),
        "code" => Ok(Action::Code),
        "help" => Ok(Action::Help),
        "quit" | "exit" => Ok(Action::Quit),
        _ => Err(format!("there is no /{command}; /help lists what there is")),
    }
}

/// The number that `text` starts with, behind `prefix`, and the rest. A `#` before it is always understood.
fn number<'a>(text: &'a str, prefix: &str) -> (Option<u32>, &'a str) {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let digits = first.strip_prefix('#').or_else(|| first.strip_prefix(prefix));
    let number = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    match number.and_then(|digits| digits.parse().ok()) {
        Some(number) => (Some(number), rest.trim_start()),
        None => (None, text),
    }
}

/// A path as people type it: quotes and a leading `~/` are understood.
fn path(text: &str) -> PathBuf {
    let quoted = ['"', '\''].iter().find_map(|quote| {
        let inner = text.strip_prefix(*quote)?;
        inner.strip_suffix(*quote)
    });
    let text = quoted.unwrap_or(text);
    match (text.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text = |text: &str| text.to_owned();
        for (line, action) in [
            ("", Action::Nothing),
            ("   ", Action::Nothing),
            (" hello there ", Action::Say(text("hello there"))),
            ("//quit", Action::Say(text("/quit"))),
            ("/send a b.txt", Action::Send("a b.txt".into())),
            ("/send \"a b.txt\"", Action::Send("a b.txt".into())),
            ("/accept", Action::Accept(None, None)),
            ("/accept 2", Action::Accept(Some(2), None)),
            ("/accept 2 /tmp/x", Action::Accept(Some(2), Some("/tmp/x".into()))),
            ("/accept out.bin", Action::Accept(None, Some("out.bin".into()))),
            ("/decline #3", Action::Decline(Some(3))),
            ("/cancel", Action::Cancel(None)),
            ("/reply #4 yes", Action::Reply(Some(4), text("yes"))),
            ("/reply 4 apples", Action::Reply(None, text("4 apples"))),
            ("/react 👍", Action::React(None, text("👍"))),
            ("/react #1 👍", Action::React(Some(1), text("👍"))),
            ("/members", Action::Members),
            ("/verify", Action::Verify(text(""))),
            ("/verify Grace Hopper yes", Action::Verify(text("Grace Hopper yes"))),
            ("/compare 2", Action::Compare(text("2"))),
            ("/accept-key Grace", Action::AcceptKey(text("Grace"))),
            ("/match  no", Action::Match(text("no"))),
            ("/exit", Action::Quit),
        ] {
            assert_eq!(parse(line), Ok(action), "{line}");
        }
        for line in [
            "/",
            "/nothing",
            "/send",
            "/reply",
            "/reply #4",
            "/react #4",
            "/decline x",
            "/cancel 1 2",
            "/compare",
            "/accept-key ",
            "/match",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
