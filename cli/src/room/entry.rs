//! The way into a room.

use std::{fs, io::IsTerminal, path::Path, time::Instant};

use hushroom::{
    room::{Config, NewRoom, RandomSource, Room, RoomEvent},
    share_code::ShareCode,
    Error,
};
use zeroize::Zeroizing;

use super::{
    server::server_url,
    session::{Event, Session},
    trust::Acquaintances,
};
use crate::{
    args::{self, Connect, Password},
    failure::{Failure, Result},
    identity,
    signals::interrupted,
};

/// A room that was entered, and what was said about it then.
pub(crate) struct Entry {
    pub(crate) session: Session,
    /// Events that came with it, the first of them `Opened`.
    pub(crate) opened: RoomEvent,
}

/// Makes a room and enters it.
pub(crate) async fn create(room: &args::NewRoom, connect: &Connect) -> Result<Entry> {
    let url = server_url(connect.server.as_deref(), None)?;
    let new = NewRoom {
        max_members: room.members(),
        expiry_seconds: room.expiry.map_or(0, |span| span.0),
        ephemeral_seconds: room.ephemeral.map_or(0, |span| span.0),
    };
    let config = Config::create(
        room.protocol.into(),
        new,
        name(connect),
        password(&connect.password)?,
        source(),
    )?;
    enter(config, connect, url).await
}

/// Joins the room of `code`, a share code or a link.
pub(crate) async fn join(code: &str, connect: &Connect) -> Result<Entry> {
    let url = server_url(connect.server.as_deref(), Some(code))?;
    let code = ShareCode::parse(code)?;
    let config = Config::join(code, name(connect), password(&connect.password)?, source());
    enter(config, connect, url).await
}

async fn enter(config: Config, connect: &Connect, url: String) -> Result<Entry> {
    let opening = identity::open(connect.identity.identity.as_deref());
    let (identity, keeper) = tokio::select! {
        opened = opening => opened?,
        () = interrupted() => return Err(Failure::Interrupted),
    };
    let for_two = config.code.members == 2;
    let acquaintances = Acquaintances::new(keeper, for_two);
    let started = Instant::now();
    let room = Room::new(config.with_identity(identity), 0)?;
    let mut session = Session::new(room, acquaintances, url, started);
    loop {
        // Nothing else can come before, but errors that concern nobody here.
        let event = tokio::select! {
            event = session.next() => event?,
            () = interrupted() => return Err(Failure::Interrupted),
        };
        if let Event::Room(opened @ RoomEvent::Opened { .. }) = event {
            return Ok(Entry { session, opened });
        }
    }
}

fn source() -> RandomSource {
    Box::new(|bytes| getrandom::fill(bytes).map_err(|_| Error::RandomUnavailable))
}

fn name(connect: &Connect) -> String {
    let user = || std::env::var("USER").or_else(|_| std::env::var("USERNAME")).ok();
    let name = connect.name.clone().or_else(user).unwrap_or_default();
    if name.trim().is_empty() {
        "guest".to_owned()
    } else {
        name
    }
}

/// The room's password, if there is to be one.
fn password(from: &Password) -> Result<Option<Zeroizing<String>>> {
    let given = if let Some(path) = &from.password_file {
        Some(first_line(path)?)
    } else if let Some(value) = std::env::var_os("HUSHROOM_PASSWORD") {
        let value = value.into_string().map(Zeroizing::new);
        Some(value.map_err(|_| Failure::Usage("HUSHROOM_PASSWORD is not UTF-8".to_owned()))?)
    } else if from.password {
        if !std::io::stdin().is_terminal() {
            let message = "no terminal to ask for the password: --password-file or HUSHROOM_PASSWORD gives it";
            return Err(Failure::Usage(message.to_owned()));
        }
        let asked = rpassword::prompt_password("Password: ").map_err(|error| Failure::io("terminal", error))?;
        Some(Zeroizing::new(asked))
    } else {
        None
    };
    if given.as_ref().is_some_and(|password| password.is_empty()) {
        return Err(Failure::Usage("the password is empty".to_owned()));
    }
    Ok(given)
}

fn first_line(path: &Path) -> Result<Zeroizing<String>> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| Failure::file(path, error))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}
