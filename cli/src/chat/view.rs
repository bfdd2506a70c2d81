//! How events look to a person.

use hushroom::room::RoomEvent;
use indicatif::HumanBytes;

use super::{
    members::{comparison, other_key},
    messages,
    state::{Standing, State, TransferState},
    style::Colors,
};
use crate::{room::Event, text::clean_line};

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
            let pictures = pictures.as_deref().zip(*decimals);
            Some(comparison(state, colors, member, now, pictures, *reason))
        }
        RoomEvent::Message { .. } | RoomEvent::MessageVerified { .. } | RoomEvent::MessageExpired { .. } => {
            messages::show(state, colors, event)
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

/// A line of the program's own.
pub(super) fn notice(colors: Colors, text: &str) -> String {
    colors.dim(&format!("* {text}"))
}

/// A line about something that went wrong.
pub(super) fn problem(colors: Colors, text: &str) -> String {
    colors.warning(&format!("! {text}"))
}

#[cfg(test)]
mod tests {
    use hushroom::room::{Picture, Verification};

    use super::*;
    use crate::chat::{
        members::{member, members},
        messages::doubtful,
    };

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
                pictures: pictures.then(|| {
                    let dog = Picture {
                        emoji: "\u{1f436}",
                        name: "Dog",
                    };
                    Box::new([dog; 7])
                }),
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
