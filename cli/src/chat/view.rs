//! How events look to a person.

use hushroom::room::{Picture, Quote, RoomEvent, Verification};
use indicatif::HumanBytes;
use jiff::{tz::TimeZone, Timestamp};

use super::{
    state::{Member, Standing, State, TransferState},
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
        Event::Kept => None,
        Event::NotKept { failure } => Some(problem(
            colors,
            &format!("what was to be remembered of a member is lost: {failure}"),
        )),
    }
}

fn show_room(state: &mut State, colors: Colors, event: &RoomEvent) -> Option<String> {
    match event {
        RoomEvent::MemberJoined { id, name, device_key } => {
            let member = state.add_member(id, name, device_key);
            // Behind the name, which could say the same of itself.
            Some(match member.standing {
                Standing { changed: true, .. } => {
                    let joined = notice(colors, &format!("{} joined", state.name(id)));
                    format!("{joined}\n{}", other_key(state, colors, id))
                }
                Standing { verified: true, .. } => notice(colors, &format!("{} joined: verified", state.name(id))),
                _ => notice(colors, &format!("{} joined", state.name(id))),
            })
        }
        RoomEvent::MemberLeft { id } => {
            let name = state.name(id);
            state.remove_member(id);
            Some(notice(colors, &format!("{name} left")))
        }
        RoomEvent::MemberPresence { id, here } => {
            state.members.get_mut(id)?.here = *here;
            let what = if *here { "is back" } else { "lost the connection" };
            Some(notice(colors, &format!("{} {what}", state.name(id))))
        }
        RoomEvent::MemberKey { id, device_key, .. } => {
            // How it stands was told before.
            state.members.get_mut(id)?.device_key.clone_from(device_key);
            None
        }
        RoomEvent::MemberTrust {
            id,
            verified,
            key_changed,
            ..
        } => {
            let standing = Standing {
                verified: *verified,
                changed: *key_changed,
            };
            let before = state.set_standing(id, standing)?;
            let name = state.name(id);
            match (before, standing) {
                (_, Standing { changed: true, .. }) => Some(other_key(state, colors, id)),
                (Standing { verified: false, .. }, Standing { verified: true, .. }) => {
                    Some(notice(colors, &format!("{name} is verified")))
                }
                (Standing { changed: true, .. }, _) => Some(notice(colors, &format!("{name}'s key is accepted"))),
                (Standing { verified: true, .. }, _) => {
                    Some(notice(colors, &format!("{name} is not verified any more")))
                }
                _ => None,
            }
        }
        RoomEvent::Comparison {
            member,
            state: now,
            pictures,
            decimals,
            reason,
        } => {
            if matches!(*now, "verified" | "failed") {
                state.comparisons.remove(member);
            } else {
                state.comparisons.insert(member.clone(), now);
            }
            let pictures = pictures.as_ref().zip(*decimals);
            Some(comparison(state, colors, member, now, pictures, *reason))
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
        | RoomEvent::IncomingSize { .. } => None,
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
            let standing = state.members.get(from).map(|member| member.standing);
            let mark = marked(colors, standing.unwrap_or_default());
            let head = format!(
                "{}{mark}{}",
                colors.dim(&format!("{} ", clock(*received_at))),
                colors.dim(&format!("#{number}"))
            );
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
pub(super) fn members(state: &State, colors: Colors, own_name: &str) -> String {
    let own = std::iter::once(format!("     {} (you)", clean_line(own_name)));
    let others = state.by_number();
    let others = others.iter().map(|(_, known)| member(colors, known));
    own.chain(others).collect::<Vec<_>>().join("\n")
}

/// A member's line in a list. What we know of the key stands before the number, where no name can write.
pub(super) fn member(colors: Colors, member: &Member) -> String {
    let mark = if member.standing.mark().is_empty() {
        " ".to_owned()
    } else {
        marked(colors, member.standing)
    };
    let away = if member.here { "" } else { " (away)" };
    format!("  {mark} {}. {}{away}", member.number, member.name)
}

fn marked(colors: Colors, standing: Standing) -> String {
    match standing {
        Standing { changed: true, .. } => colors.warning(standing.mark()),
        _ => colors.good(standing.mark()),
    }
}

/// That a member has come with a key that is not the one we know.
fn other_key(state: &State, colors: Colors, id: &str) -> String {
    let number = state.members.get(id).map_or(0, |member| member.number);
    let text = format!(
        "{} has ANOTHER KEY than before: a new device, or somebody else. /verify {number} shows the safety number, /accept-key {number} takes the key",
        state.name(id)
    );
    problem(colors, &text)
}

/// Where a live comparison stands.
fn comparison(
    state: &State,
    colors: Colors,
    id: &str,
    now: &str,
    pictures: Option<(&[Picture; 7], [u16; 3])>,
    reason: Option<&str>,
) -> String {
    let name = state.name(id);
    let number = state.members.get(id).map_or(0, |member| member.number);
    match (now, pictures, reason) {
        ("pictures", Some((pictures, decimals)), _) => {
            let pictures = pictures
                .each_ref()
                .map(|picture| format!("{} {}", picture.emoji, picture.name));
            let decimals = decimals.map(|number| format!("{number:04}"));
            let question = format!(
                "ask {name}, by another way than this room, for the pictures or the numbers. The same, in this order? /match yes or /match no"
            );
            format!(
                "{}\n    {}\n    {}",
                notice(colors, &question),
                pictures.join("   "),
                decimals.join(" ")
            )
        }
        ("requested", ..) => {
            let text =
                format!("{name} asks to compare pictures: /compare {number} agrees, /match {number} no declines");
            notice(colors, &text)
        }
        ("confirmed", ..) => notice(colors, &format!("waiting for what {name} sees")),
        ("verified", ..) => notice(colors, &format!("{name} sees the same pictures")),
        ("failed", _, Some("cancelled")) => notice(colors, &format!("the comparison with {name} was given up")),
        ("failed", _, Some("left")) => notice(colors, &format!("the comparison with {name} is over, who left")),
        ("failed", _, Some("unexpected")) => {
            problem(colors, &format!("the comparison with {name} went wrong: try again"))
        }
        ("failed", ..) => problem(
            colors,
            &format!("the comparison with {name} FAILED: somebody may be between you. Do not trust this room"),
        ),
        _ => notice(colors, &format!("waiting for {name} to agree")),
    }
}

/// Messages that are not verified.
pub(super) fn doubtful(state: &State, colors: Colors) -> Vec<String> {
    let doubtful = state
        .messages()
        .filter(|message| message.verification != Verification::Verified);
    let doubtful = doubtful.map(|message| {
        let mark = colors.verification(message.verification);
        format!(
            "  #{} {}: {}{mark}",
            message.number,
            state.name(&message.from),
            message.preview
        )
    });
    let doubtful: Vec<String> = doubtful.collect();
    if doubtful.is_empty() {
        return vec!["Every message is signed by the member that it names.".to_owned()];
    }
    let head = "Messages that are not proved to be from whom they name:".to_owned();
    std::iter::once(head).chain(doubtful).collect()
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
            (Verification::KeyChanged, "hi [ANOTHER KEY than before]"),
            (Verification::Failed, "hi [WRONG SIGNATURE]"),
        ] {
            let shown = show(&mut state, Colors::none(), &message("hi", verification)).unwrap();
            assert!(shown.ends_with(mark), "{shown}");
        }
        let report = doubtful(&state, Colors::none()).join("\n");
        assert!(report.contains("#5") && !report.contains("#1 "), "{report}");
    }

    fn trust(state: &mut State, verified: bool, key_changed: bool) -> Option<String> {
        let event = RoomEvent::MemberTrust {
            id: "a".to_owned(),
            verified,
            key_changed,
            previous_key: None,
        };
        show(state, Colors::none(), &Event::Room(event))
    }

    #[test]
    fn what_is_known_of_a_key_stands_where_no_name_can_write() {
        let mut state = State::default();
        assert_eq!(trust(&mut state, false, true), None);
        let joined = joined(&mut state, "Ada");
        assert!(
            joined.starts_with("* Ada joined\n! Ada has ANOTHER KEY than before"),
            "{joined}"
        );
        assert!(joined.contains("/accept-key 1 takes"), "{joined}");
        let mut shown = || show(&mut state, Colors::none(), &message("hi", Verification::Verified)).unwrap();
        assert_eq!(shown(), "--:-- !#1 Ada: hi");
        assert_eq!(trust(&mut state, false, false).unwrap(), "* Ada's key is accepted");
        assert_eq!(trust(&mut state, true, false).unwrap(), "* Ada is verified");
        let mut shown = || show(&mut state, Colors::none(), &message("hi", Verification::Verified)).unwrap();
        assert_eq!(shown(), "--:-- \u{2713}#2 Ada: hi");
        assert_eq!(
            members(&state, Colors::none(), "Me"),
            "     Me (you)\n  \u{2713} 1. Ada"
        );
        assert_eq!(
            trust(&mut state, false, false).unwrap(),
            "* Ada is not verified any more"
        );
        assert!(trust(&mut state, false, true).unwrap().contains("ANOTHER KEY"));
        let pretender = State::default().add_member("b", "\u{2713} 1. Ada", "").clone();
        assert_eq!(member(Colors::none(), &pretender), "    1. \u{2713} 1. Ada");
    }

    #[test]
    fn a_comparison_is_told() {
        let mut state = State::default();
        joined(&mut state, "Ada");
        let mut tell = |now, pictures: bool, reason| {
            let event = RoomEvent::Comparison {
                member: "a".to_owned(),
                state: now,
                pictures: pictures.then_some(
                    [Picture {
                        emoji: "\u{1f436}",
                        name: "Dog",
                    }; 7],
                ),
                decimals: pictures.then_some([1000, 2345, 9191]),
                reason,
            };
            show(&mut state, Colors::none(), &Event::Room(event)).unwrap()
        };
        assert!(tell("requested", false, None).contains("/compare 1 agrees"));
        let shown = tell("pictures", true, None);
        assert!(
            shown.contains("\u{1f436} Dog   \u{1f436} Dog") && shown.ends_with("\n    1000 2345 9191"),
            "{shown}"
        );
        for reason in ["mismatch", "commitment", "code"] {
            assert!(tell("failed", false, Some(reason)).contains("FAILED"), "{reason}");
        }
        assert!(tell("verified", false, None).starts_with("* Ada sees"));
        assert!(state.comparisons.is_empty());
    }
}
