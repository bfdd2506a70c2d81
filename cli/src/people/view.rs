//! How people of the directory look.

use hushroom::{
    identity::safety_number::{self, SafetyNumber},
    people::{pins::Standing, Acquaintance, IdentityKey, InvitationSeen, Person, Sender, UserId},
};
use jiff::{tz::TimeZone, Timestamp};
use serde_json::json;

use crate::{
    failure::Result,
    report::{print_line, Report},
    text::{clean, clean_line, groups},
};

/// What was done.
pub(super) fn done(text: &str, report: Report) -> Result<()> {
    match (report.json, report.quiet) {
        (true, _) => report.line(&json!({"type": "done"})),
        (false, true) => Ok(()),
        (false, false) => print_line(text),
    }
}

/// Ourselves.
pub(super) fn own(person: &Person, report: Report) -> Result<()> {
    let user = person.user().as_str();
    let key = person.identity().to_base64url();
    let directory = person.directory().map(|key| key.to_base64url());
    if report.json {
        return report.line(&json!({
            "type": "registered",
            "userId": user,
            "identityKey": key,
            "directoryKey": directory,
        }));
    }
    print_line(&format!("user id        {user}"))?;
    print_line(&format!("identity key   {key}"))?;
    print_line(&format!("directory key  {}", directory.unwrap_or_default()))
}

/// Somebody who was looked up.
pub(super) fn contact(person: &Person, found: &Acquaintance, report: Report) -> Result<()> {
    let number = number(person, &found.user, found.identity)?;
    let key = found.identity.to_base64url();
    if report.json {
        return report.line(&json!({
            "type": "contact",
            "userId": found.user.as_str(),
            "name": found.name,
            "identityKey": key,
            "trustedKey": found.trusted.to_base64url(),
            "status": status(found.standing),
            "expiresAt": found.expires,
            "safetyNumber": number,
        }));
    }
    print_line(&format!("{}  {}", found.user.as_str(), clean_line(&found.name)))?;
    print_line(&format!("identity key  {key}"))?;
    print_number(&number)?;
    print_line(&standing(found))
}

/// Somebody who was invited.
pub(super) fn invited(person: &Person, found: &Acquaintance, report: Report) -> Result<()> {
    let number = number(person, &found.user, found.identity)?;
    if report.json {
        return report.line(&json!({
            "type": "invited",
            "userId": found.user.as_str(),
            "identityKey": found.identity.to_base64url(),
            "status": status(found.standing),
            "safetyNumber": number,
        }));
    }
    if report.quiet {
        return Ok(());
    }
    let who = found.user.as_str();
    print_line(&format!(
        "{who} is invited, and has 14 days to come. The safety number with {who}:"
    ))?;
    print_number(&number)?;
    print_line(&standing(found))
}

/// Invitations that have come.
pub(super) fn invitations(person: &Person, waiting: &[InvitationSeen], report: Report) -> Result<()> {
    for (number, seen) in (1_u64..).zip(waiting) {
        invitation(person, number, seen, report)?;
    }
    if waiting.is_empty() && !report.json && !report.quiet {
        print_line("There are no invitations.")?;
    }
    Ok(())
}

fn invitation(person: &Person, index: u64, seen: &InvitationSeen, report: Report) -> Result<()> {
    let contents = &seen.contents;
    let from = contents.sender.as_str();
    let number = number(person, &contents.sender, contents.identity)?;
    if report.json {
        let sender = match seen.sender {
            Sender::Known => "known",
            Sender::Unconfirmed => "unconfirmed",
            Sender::OtherKey => "other-key",
        };
        return report.line(&json!({
            "type": "invitation",
            "number": index,
            "from": from,
            "identityKey": contents.identity.to_base64url(),
            "sender": sender,
            "safetyNumber": number,
            "text": contents.text.as_str(),
            "sentAt": contents.time,
        }));
    }
    let sender = match seen.sender {
        Sender::Known => "the key is the one you know".to_owned(),
        Sender::Unconfirmed => {
            format!("anybody may have written this: you know no key of {from}; people lookup {from} shows it")
        }
        Sender::OtherKey => format!("ANOTHER KEY than the one you know of {from}; people lookup {from} tells more"),
    };
    let text = clean(&contents.text).trim_end().replace('\n', "\n    ");
    print_line(&format!("{index}. from {from}, {}: {sender}", time(contents.time)))?;
    if !text.is_empty() {
        print_line(&format!("    {text}"))?;
    }
    print_number(&number)
}

fn print_number(number: &str) -> Result<()> {
    groups(number)
        .iter()
        .try_for_each(|line| print_line(&format!("    {line}")))
}

const fn status(standing: Standing) -> &'static str {
    match standing {
        Standing::New => "new",
        Standing::Same => "same",
        Standing::Changed => "changed",
    }
}

fn standing(found: &Acquaintance) -> String {
    let who = found.user.as_str();
    match found.standing {
        Standing::New => "seen for the first time, and trusted from now on: compare the number".to_owned(),
        Standing::Same => "the key is the one you know".to_owned(),
        Standing::Changed => format!(
            "ANOTHER KEY than the one you know, with proof by its owner. Compare the number, then: hushroom people acknowledge-key {who} {}",
            found.identity.to_base64url()
        ),
    }
}

/// The 60 digits of us and a user.
fn number(person: &Person, user: &UserId, key: IdentityKey) -> Result<String> {
    let own = safety_number::Identity {
        id: person.user().as_str().as_bytes(),
        key: &person.identity().0,
    };
    let other = safety_number::Identity {
        id: user.as_str().as_bytes(),
        key: &key.0,
    };
    Ok(SafetyNumber::new(own, other)?.digits())
}

fn time(unix_seconds: u64) -> String {
    let at = i64::try_from(unix_seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.map_or_else(
        || "at an unknown time".to_owned(),
        |at| at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}
