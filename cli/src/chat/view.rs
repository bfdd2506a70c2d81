//! How events look to a person.

use hushroom::room::{Quote, RoomEvent, Verification};
use indicatif::HumanBytes;
use jiff::{tz::TimeZone, Timestamp};

use super::{
    state::{Member, State, TransferState},
    style::Colors,
};
use crate::{
    room::Event,
    text::{clean, clean_line},
};

/// The lines to print for `event`, which changes `state`; none for what need not be told.
pub(super) fn show(state: &mut State, colors: Colors, event: &Event) -> Option<String> {
    match event {
        Event::Room(event) => show_room(state, colors, event),
        Event::Reconnecting => Some(notice(colors, "the connection is lost, trying again")),
        Event::Progress { id, bytes } => {
            let (number, transfer) = state.transfer_by_id(id)?;
            let size = transfer.size.filter(|size| *size > 0)?;
            let tenth = bytes.saturating_mul(10).checked_div(size)?;
            // A line for each half is enough.
            if tenth / 5 <= transfer.tenth / 5 || tenth >= 10 {
                return None;
            }
            transfer.tenth = tenth;
            Some(notice(colors, &format!("file {number}: {}%", tenth.saturating_mul(10))))
        }
        Event::Received { id, result } => {
            let (number, transfer) = state.remove_transfer(id)?;
            let name = transfer.name;
            Some(match result {
                Ok(saved) => {
                    let place = saved.path.as_ref().map(|path| clean_line(&path.display().to_string()));
                    let place = place.unwrap_or_else(|| "standard output".to_owned());
                    let text = format!(
                        "file {number}: {name} is saved as {place} ({})",
                        HumanBytes(saved.bytes)
                    );
                    notice(colors, &text)
                }
                Err(failure) => problem(colors, &format!("file {number}: {name}: {failure}")),
            })
        }
        Event::SendFailed { id, failure } => {
            let (number, transfer) = state.remove_transfer(id)?;
            Some(problem(colors, &format!("file {number}: {}: {failure}", transfer.name)))
        }
    }
}

fn show_room(state: &mut State, colors: Colors, event: &RoomEvent) -> Option<String> {
    match event {
        RoomEvent::MemberJoined { id, name, device_key } => {
            let member = Member {
                name: clean_line(name),
                device_key: device_key.clone(),
                key_changed: false,
                here: true,
            };
            state.members.insert(id.clone(), member);
            Some(notice(colors, &format!("{} joined", state.name(id))))
        }
        RoomEvent::MemberLeft { id } => {
            let name = state.name(id);
            state.members.remove(id);
            Some(notice(colors, &format!("{name} left")))
        }
        RoomEvent::MemberPresence { id, here } => {
            state.members.get_mut(id)?.here = *here;
            let what = if *here { "is back" } else { "lost the connection" };
            Some(notice(colors, &format!("{} {what}", state.name(id))))
        }
        RoomEvent::MemberKey {
            id,
            device_key,
            changed,
        } => {
            let member = state.members.get_mut(id)?;
            member.device_key.clone_from(device_key);
            member.key_changed |= *changed;
            let warning = || {
                problem(
                    colors,
                    &format!("{} has ANOTHER KEY than before; /verify shows it", state.name(id)),
                )
            };
            changed.then(warning)
        }
        RoomEvent::Message { .. } | RoomEvent::MessageVerified { .. } | RoomEvent::MessageExpired { .. } => {
            show_message(state, colors, event)
        }
        RoomEvent::Rejected { message, .. } => Some(problem(colors, &format!("not sent: {}", clean_line(message)))),
        RoomEvent::Reaction {
            message_id,
            from,
            emoji,
            remove,
        } => {
            let verb = if *remove { "took back" } else { "reacted" };
            let (who, emoji) = (state.name(from), clean_line(emoji));
            let message = state.message_by_id(message_id)?;
            let text = format!("{who} {verb} {emoji} to #{} {}", message.number, message.preview);
            Some(notice(colors, &text))
        }
        RoomEvent::FileOffer {
            id,
            from,
            name,
            size,
            voice_seconds,
            ..
        } => {
            let name = clean_line(name);
            let number = state.add_transfer(id, &name, *size, TransferState::Offered);
            let who = state.name(from);
            let size = size.map_or_else(|| "of unknown size".to_owned(), |size| HumanBytes(size).to_string());
            let voice = voice_seconds.map_or_else(String::new, |seconds| format!(", a voice message of {seconds} s"));
            let text =
                format!("{who} offers file {number}: {name} ({size}{voice}). /accept {number} or /decline {number}");
            Some(notice(colors, &text))
        }
        RoomEvent::IncomingEnded { id, message, .. } => {
            let (number, transfer) = state.remove_transfer(id)?;
            let text = format!("file {number}: {}: {}", transfer.name, clean_line(message));
            Some(notice(colors, &text))
        }
        RoomEvent::Receiver {
            id, member, state: now, ..
        } => {
            let who = state.name(member);
            let (number, _) = state.transfer_by_id(id)?;
            match *now {
                "done" => Some(notice(colors, &format!("file {number}: {who} has it"))),
                "declined" => Some(notice(colors, &format!("file {number}: {who} declined"))),
                _ => None,
            }
        }
        RoomEvent::OutgoingEnded { id, code, message } => {
            let (number, transfer) = state.remove_transfer(id)?;
            let failed = || {
                problem(
                    colors,
                    &format!("file {number}: {}: {}", transfer.name, clean_line(message)),
                )
            };
            code.map(|_| failed())
        }
        RoomEvent::Error { message, from, .. } => {
            let who = from
                .as_ref()
                .map_or_else(String::new, |id| format!("{}: ", state.name(id)));
            Some(problem(colors, &format!("{who}{}", clean_line(message))))
        }
        RoomEvent::Opened { .. }
        | RoomEvent::Closed { .. }
        | RoomEvent::Accepted { .. }
        | RoomEvent::Typing { .. }
        | RoomEvent::IncomingSize { .. }
        | RoomEvent::MemberTrust { .. }
        | RoomEvent::Comparison { .. } => None,
    }
}

fn show_message(state: &mut State, colors: Colors, event: &RoomEvent) -> Option<String> {
    match event {
        RoomEvent::Message {
            id,
            from,
            text,
            reply_to,
            quote,
            verification,
            received_at,
            ..
        } => {
            let answered = answered(state, reply_to.as_deref(), quote.as_ref());
            let name = state.name(from);
            let number = state.add_message(id, from, text, Some(*verification));
            let head = colors.dim(&format!("{} #{number}", clock(*received_at)));
            let name = colors.name(from, &name);
            // Lines after the first cannot be taken for other messages.
            let text = clean(text).trim_end().replace('\n', "\n    ");
            let message = format!("{head} {name}: {text}{}", colors.verification(*verification));
            Some(match answered {
                Some(answered) => format!("{}\n{message}", colors.dim(&format!("    re: {answered}"))),
                None => message,
            })
        }
        RoomEvent::MessageVerified { id, verification, .. } => {
            let message = state.message_by_id(id)?;
            message.verification = *verification;
            let number = message.number;
            let failed = *verification == Verification::Failed;
            failed.then(|| problem(colors, &format!("#{number} has a WRONG SIGNATURE")))
        }
        RoomEvent::MessageExpired { id } => {
            let number = state.remove_message(id)?;
            Some(notice(
                colors,
                &format!("#{number} is over; the terminal may still show it"),
            ))
        }
        _ => None,
    }
}

/// What a message answers: in our own words where we know it.
fn answered(state: &mut State, reply_to: Option<&str>, quote: Option<&Quote>) -> Option<String> {
    let known = reply_to.and_then(|id| state.message_by_id(id)).cloned();
    if let Some(message) = known {
        let who = if message.own {
            "you".to_owned()
        } else {
            state.name(&message.from)
        };
        return Some(format!("#{} {who}: {}", message.number, message.preview));
    }
    let quote = quote.map(|quote| format!("{}: {}", clean_line(&quote.sender_name), clean_line(&quote.preview)));
    quote.or_else(|| reply_to.map(|_| "a message from before".to_owned()))
}

/// Who is here.
pub(super) fn members(state: &State, own_name: &str) -> String {
    let others = state.members.values().map(|member| {
        let away = if member.here { "" } else { " (away)" };
        format!("  {}{away}", member.name)
    });
    let own = std::iter::once(format!("  {} (you)", clean_line(own_name)));
    own.chain(others).collect::<Vec<_>>().join("\n")
}

/// Device keys, and messages that are not verified.
pub(super) fn verify(state: &State, colors: Colors, own_name: &str, own_key: &str) -> String {
    let line = |name: &str, key: &str, mark: &str| format!("  {name}{mark}\n    {}", fingerprint(key));
    let mut lines = vec!["Compare these keys with their owners, by another way than this room:".to_owned()];
    lines.push(line(&clean_line(own_name), own_key, " (you)"));
    for member in state.members.values() {
        let mark = if member.key_changed {
            colors.warning(" (ANOTHER KEY than before)")
        } else {
            String::new()
        };
        lines.push(line(&member.name, &member.device_key, &mark));
    }
    let doubtful = state
        .messages()
        .filter(|message| message.verification != Verification::Verified);
    let mut doubtful = doubtful.map(|message| {
        let mark = colors.verification(message.verification);
        format!(
            "  #{} {}: {}{mark}",
            message.number,
            state.name(&message.from),
            message.preview
        )
    });
    match doubtful.next() {
        None => lines.push("Every message is signed by the member that it names.".to_owned()),
        Some(first) => {
            lines.push("Messages that are not proved to be from whom they name:".to_owned());
            lines.push(first);
            lines.extend(doubtful);
        }
    }
    lines.join("\n")
}

/// A key in groups that can be read out.
fn fingerprint(key: &str) -> String {
    if key.is_empty() {
        return "not known".to_owned();
    }
    let characters: Vec<char> = key.chars().collect();
    let groups = characters.chunks(4).map(String::from_iter);
    groups.collect::<Vec<_>>().join(" ")
}

/// A line of the program's own.
pub(super) fn notice(colors: Colors, text: &str) -> String {
    colors.dim(&format!("* {text}"))
}

/// A line about something that went wrong.
pub(super) fn problem(colors: Colors, text: &str) -> String {
    colors.warning(&format!("! {text}"))
}

fn clock(unix_ms: u64) -> String {
    let at = i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.filter(|_| unix_ms > 0).map_or_else(
        || "--:--".to_owned(),
        |at| at.to_zoned(TimeZone::system()).strftime("%H:%M").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(state: &mut State, name: &str) -> String {
        let event = RoomEvent::MemberJoined {
            id: "a".to_owned(),
            name: name.to_owned(),
            device_key: "AAAABBBBCC".to_owned(),
        };
        show(state, Colors::none(), &Event::Room(event)).unwrap()
    }

    fn message(text: &str, verification: Verification) -> Event {
        Event::Room(RoomEvent::Message {
            id: "m".to_owned(),
            from: "a".to_owned(),
            text: text.to_owned(),
            reply_to: None,
            quote: None,
            verification,
            sent_at: 0,
            received_at: 0,
        })
    }

    #[test]
    fn what_strangers_say_cannot_write_to_the_terminal() {
        let mut state = State::default();
        assert_eq!(joined(&mut state, "\u{1b}[31mMal\u{202e}\nlory"), "* Mal lory joined");
        let shown = show(
            &mut state,
            Colors::none(),
            &message("\u{1b}]0;x\u{7}hi\n10:00 #9 Ada: fake", Verification::Verified),
        );
        assert_eq!(shown.unwrap(), "--:-- #1 Mal lory: hi\n    10:00 #9 Ada: fake");
        let offer = RoomEvent::FileOffer {
            id: "f".to_owned(),
            from: "a".to_owned(),
            name: "a\u{1b}[2J.txt".to_owned(),
            mime: String::new(),
            size: Some(3),
            voice_seconds: None,
            thumbnail: None,
        };
        let shown = show(&mut state, Colors::none(), &Event::Room(offer)).unwrap();
        assert!(shown.contains("a.txt") && !shown.contains('\u{1b}'));
    }

    #[test]
    fn doubts_are_shown() {
        let mut state = State::default();
        joined(&mut state, "Ada");
        for (verification, mark) in [
            (Verification::Verified, "hi"),
            (Verification::Unsigned, "hi [unsigned]"),
            (Verification::Unknown, "hi [key unknown]"),
            (Verification::Failed, "hi [WRONG SIGNATURE]"),
        ] {
            let shown = show(&mut state, Colors::none(), &message("hi", verification)).unwrap();
            assert!(shown.ends_with(mark), "{shown}");
        }
        let report = verify(&state, Colors::none(), "Me", "XXXXYYYY");
        assert!(report.contains("XXXX YYYY") && report.contains("AAAA BBBB CC"));
        assert!(report.contains("#4") && !report.contains("#1 "), "{report}");
    }
}
