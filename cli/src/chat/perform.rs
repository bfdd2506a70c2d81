//! Doing what a line asks for.

use std::path::PathBuf;

use super::{
    action::{parse, Action, HELP},
    file_name, here,
    state::TransferState,
    view, Chat,
};
use crate::{
    failure::{Failure, Result},
    room::{Source, Target},
};

impl Chat {
    /// Does what `line` asks for; false when that is to leave.
    pub(super) fn perform(&mut self, line: &str) -> Result<bool> {
        let action = match parse(line) {
            Ok(action) => action,
            Err(message) => {
                self.tell(&Failure::Usage(message))?;
                return Ok(true);
            }
        };
        if action == Action::Quit {
            return Ok(false);
        }
        // What goes wrong is told, and the room goes on.
        match self.act(action) {
            Ok(Some(text)) => self.say(&text)?,
            Ok(None) => {}
            Err(failure) if self.session.is_over() => return Err(failure),
            Err(failure) => self.tell(&failure)?,
        }
        Ok(true)
    }

    /// Does it; what to print.
    fn act(&mut self, action: Action) -> Result<Option<String>> {
        match action {
            Action::Nothing | Action::Quit => Ok(None),
            Action::Say(text) => self.send(&text, None),
            Action::Reply(number, text) => {
                let (_, id) = self.message(number)?;
                self.send(&text, Some(&id))
            }
            Action::React(number, emoji) => {
                let (number, id) = self.message(number)?;
                let post = self.session.react(&id, &emoji)?;
                self.pending.insert(post);
                Ok(Some(format!("reacted to #{number}")))
            }
            Action::Send(path) => {
                let source = Source::open(&path)?;
                let (name, size) = (file_name(&path), source.size());
                let id = self.session.send_file(name.clone(), source)?;
                let name = crate::text::clean_line(&name);
                let number = self.state.add_transfer(&id, &name, size, TransferState::Sending);
                Ok(Some(format!("file {number}: {name} is offered")))
            }
            Action::Accept(number, path) => self.accept(number, path),
            Action::Decline(number) => {
                let (number, id) = self.transfer(number, |state| state == TransferState::Offered)?;
                self.session.decline(&id)?;
                self.state.remove_transfer(&id);
                Ok(Some(format!("file {number} is declined")))
            }
            Action::Cancel(number) => {
                let (number, id) = self.transfer(number, |state| state != TransferState::Offered)?;
                self.session.cancel(&id);
                self.state.remove_transfer(&id);
                Ok(Some(format!("file {number} is cancelled")))
            }
            Action::Members => Ok(Some(view::members(
                &self.state,
                self.colors,
                self.session.room().name(),
            ))),
            Action::Verify(text) => self.verify(&text),
            Action::AcceptKey(text) => self.accept_key(&text),
            Action::Compare(text) => self.compare(&text),
            Action::Match(text) => self.compared(&text),
            Action::Code => Ok(self.session.code().map(str::to_owned)),
            Action::Help => Ok(Some(HELP.to_owned())),
        }
    }

    fn send(&mut self, text: &str, reply_to: Option<&str>) -> Result<Option<String>> {
        self.typing_sent = None;
        let id = self.session.send_text(text, reply_to)?;
        self.state.add_message(&id, "", text, None);
        self.pending.insert(id);
        Ok(None)
    }

    fn accept(&mut self, number: Option<u32>, path: Option<PathBuf>) -> Result<Option<String>> {
        let (number, id) = self.transfer(number, |state| state == TransferState::Offered)?;
        let name = self
            .state
            .transfer_by_id(&id)
            .map(|(_, transfer)| transfer.name.clone());
        let name = name.unwrap_or_default();
        let target = match path {
            Some(path) if path.is_dir() => Target::Folder(path, name),
            Some(path) => Target::File(path),
            None => Target::Folder(here(), name),
        };
        self.session.accept(&id, target)?;
        if let Some((_, transfer)) = self.state.transfer_by_id(&id) {
            transfer.state = TransferState::Receiving;
        }
        Ok(Some(format!("file {number} is coming")))
    }

    fn message(&self, number: Option<u32>) -> Result<(u32, String)> {
        let found = self
            .state
            .message(number)
            .map(|message| (message.number, message.id.clone()));
        found.ok_or_else(|| Failure::Usage("there is no such message".to_owned()))
    }

    fn transfer(&self, number: Option<u32>, wanted: impl Fn(TransferState) -> bool) -> Result<(u32, String)> {
        let found = self.state.transfer(number, wanted);
        let found = found.map(|(number, transfer)| (number, transfer.id.clone()));
        found.ok_or_else(|| Failure::Usage("there is no such file".to_owned()))
    }

    /// Prints what a command has to say.
    fn say(&mut self, text: &str) -> Result<()> {
        if self.report.json {
            return self.report.line(&serde_json::json!({"type": "answer", "text": text}));
        }
        (self.print)(text)
    }

    fn tell(&mut self, failure: &Failure) -> Result<()> {
        if self.report.json {
            let (code, message) = (failure.code(), failure.to_string());
            return self
                .report
                .line(&serde_json::json!({"type": "error", "code": code, "message": message}));
        }
        (self.print)(&view::problem(self.colors, &failure.to_string()))
    }
}
