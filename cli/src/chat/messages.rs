//! How messages look.

use hushroom::room::{Quote, RoomEvent, Verification};
use jiff::{tz::TimeZone, Timestamp};

use super::{
    members::marked,
    state::State,
    style::Colors,
    view::{notice, problem},
};
use crate::text::{clean, clean_line};

/// The lines to print for a message, or for news of one.
pub(super) fn show(state: &mut State, colors: Colors, event: &RoomEvent) -> Option<String> {
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

fn clock(unix_ms: u64) -> String {
    let at = i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.filter(|_| unix_ms > 0).map_or_else(
        || "--:--".to_owned(),
        |at| at.to_zoned(TimeZone::system()).strftime("%H:%M").to_string(),
    )
}
