//! `/verify`, `/accept-key`, `/compare` and `/match`: whose keys are here.

use serde_json::json;

use super::{
    members, messages,
    state::{Member, Standing},
    Chat,
};
use crate::{
    failure::{Failure, Result},
    text::groups,
};

impl Chat {
    /// Everybody's number and the room's; one member's number; or a mark, when `text` ends in yes or no.
    pub(super) fn verify(&mut self, text: &str) -> Result<Option<String>> {
        if text.is_empty() {
            return self.verify_everybody().map(Some);
        }
        let (id, mark) = self.member_and_answer(text)?;
        if let Some(verified) = mark {
            self.session.verify(&id, verified)?;
            return Ok(None);
        }
        let digits = self.session.safety_number(&id)?;
        self.tell_number(Some(&id), &digits)?;
        Ok(self.state.members.get(&id).map(|member| {
            format!(
                "The safety number with {}. It has to be the same on the other side: compare it by another way than this room, then /verify {} yes\n{}",
                member.name,
                member.number,
                indented(&digits)
            )
        }))
    }

    fn verify_everybody(&mut self) -> Result<String> {
        let head = "The safety number of the room: the same for everybody, as long as the same are here";
        let mut lines = vec![head.to_owned()];
        match self.session.room_number() {
            Ok(number) => {
                self.tell_number(None, &number)?;
                lines.push(indented(&number));
            }
            Err(failure) => lines.push(format!("    {failure}")),
        }
        let members: Vec<(String, Member)> = self.state.by_number();
        if !members.is_empty() {
            lines.push("With each member; compare by another way than this room, then /verify N yes".to_owned());
        }
        for (id, member) in &members {
            lines.push(members::member(self.colors, member));
            match self.session.safety_number(id) {
                Ok(digits) => {
                    self.tell_number(Some(id), &digits)?;
                    lines.push(indented(&digits));
                }
                Err(failure) => lines.push(format!("    {failure}")),
            }
        }
        lines.extend(messages::doubtful(&self.state, self.colors));
        Ok(lines.join("\n"))
    }

    /// A line for scripts.
    fn tell_number(&self, id: Option<&str>, digits: &str) -> Result<()> {
        if !self.report.json {
            return Ok(());
        }
        let member = id.and_then(|id| self.state.members.get(id));
        self.report.line(&json!({
            "type": "safety-number",
            "member": id,
            "name": member.map(|member| &member.name),
            "deviceKey": member.map(|member| &member.device_key),
            "verified": member.map(|member| member.standing.verified),
            "keyChanged": member.map(|member| member.standing.changed),
            "digits": digits,
        }))
    }

    /// Accepts a key that has taken another's place.
    pub(super) fn accept_key(&mut self, text: &str) -> Result<Option<String>> {
        let (id, member) = self.state.find_member(text).map_err(Failure::Usage)?;
        if !member.standing.changed {
            return Err(Failure::Usage(format!("{}'s key has not changed", member.name)));
        }
        self.session.acknowledge_key(&id)?;
        Ok(None)
    }

    /// Asks a member to compare pictures, or agrees to.
    pub(super) fn compare(&mut self, text: &str) -> Result<Option<String>> {
        let (id, _) = self.state.find_member(text).map_err(Failure::Usage)?;
        self.session.compare(&id)?;
        Ok(None)
    }

    /// Says whether the pictures are the same. A comparison that has none yet is given up by a no.
    pub(super) fn compared(&mut self, text: &str) -> Result<Option<String>> {
        let (id, same) = match answer(text) {
            Some(same) => (self.only_comparison()?, same),
            None => match self.member_and_answer(text)? {
                (id, Some(same)) => (id, same),
                (_, None) => return Err(Failure::Usage("/match needs yes or no; /help explains".to_owned())),
            },
        };
        match (self.state.comparisons.get(&id).copied(), same) {
            (None, _) => return Err(Failure::Usage("there is no comparison with that member".to_owned())),
            (Some("pictures"), _) => self.session.compare_confirm(&id, same)?,
            (Some(_), false) => self.session.compare_cancel(&id)?,
            (Some(_), true) => return Err(Failure::Usage("there are no pictures to compare yet".to_owned())),
        }
        Ok(None)
    }

    fn only_comparison(&self) -> Result<String> {
        let mut all = self.state.comparisons.keys();
        match (all.next(), all.next()) {
            (Some(id), None) => Ok(id.clone()),
            (None, _) => Err(Failure::Usage("nothing is being compared".to_owned())),
            _ => Err(Failure::Usage(
                "several comparisons are under way: /match NAME yes or /match NAME no".to_owned(),
            )),
        }
    }

    /// A member, and the yes or no behind it if there is one.
    fn member_and_answer(&self, text: &str) -> Result<(String, Option<bool>)> {
        let whole = self.state.find_member(text).map(|(id, _)| id);
        let split = text
            .rsplit_once(char::is_whitespace)
            .and_then(|(name, last)| Some((name.trim_end(), answer(last)?)));
        let Some((name, answer)) = split else {
            return whole.map(|id| (id, None)).map_err(Failure::Usage);
        };
        match (self.state.find_member(name), whole) {
            // Somebody is called like that, word and all.
            (Ok(_), Ok(_)) => Err(Failure::Usage("say it by number: /members lists them".to_owned())),
            (Err(_), Ok(id)) => Ok((id, None)),
            (found, Err(_)) => found.map(|(id, _)| (id, Some(answer))).map_err(Failure::Usage),
        }
    }
}

fn answer(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn indented(digits: &str) -> String {
    let lines = groups(digits);
    lines
        .iter()
        .map(|line| format!("      {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

impl Standing {
    /// What stands before a member's number, where no name can write.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self { changed: true, .. } => "!",
            Self { verified: true, .. } => "\u{2713}",
            _ => "",
        }
    }
}
