//! How members look: lists of them, warnings about their keys, and live comparisons.

use hushroom::room::Picture;

use super::{
    state::{Member, Standing, State},
    style::Colors,
    view::{notice, problem},
};
use crate::text::clean_line;

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

pub(super) fn marked(colors: Colors, standing: Standing) -> String {
    match standing {
        Standing { changed: true, .. } => colors.warning(standing.mark()),
        _ => colors.good(standing.mark()),
    }
}

/// That a member has come with a key that is not the one we know.
pub(super) fn other_key(state: &State, colors: Colors, id: &str) -> String {
    let number = state.members.get(id).map_or(0, |member| member.number);
    let text = format!(
        "{} has ANOTHER KEY than before: a new device, or somebody else. /verify {number} shows the safety number, /accept-key {number} takes the key",
        state.name(id)
    );
    problem(colors, &text)
}

/// Where a live comparison stands.
pub(super) fn comparison(
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
