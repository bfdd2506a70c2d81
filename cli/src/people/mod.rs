//! `hushroom people`: the key directory of a relay.

mod directory;
mod user;
mod view;

use std::{future::Future, time::Duration};

use hushroom::people::{IdentityKey, InvitationSeen, UserId};

use crate::{
    args::{self, Connect, IdentityFrom, Invitations, Invite, NewRoom, Password, People, ProtocolName},
    chat::{Chat, Share},
    failure::{Failure, Result},
    report::Report,
    room::{self, Entry},
    signals::interrupted,
};
use user::User;

/// Runs `hushroom people`.
pub(crate) async fn run(args: &People, report: Report) -> Result<()> {
    match args {
        People::Invite(args) => return invite(args, report).await,
        People::Invitations(args) => return invitations(args, report).await,
        _ => {}
    }
    until_signal(async {
        match args {
            People::Register {
                user,
                display_name,
                directory_key,
                directory,
            } => {
                let mut own = User::register(directory, user, directory_key.as_deref()).await?;
                own.publish(display_name.as_deref()).await?;
                view::own(&own.person, report)
            }
            People::Lookup { user, directory } => {
                let user = UserId::parse(user)?;
                let mut own = User::open(directory).await?;
                let found = own.lookup(&user, false).await?;
                view::contact(&own.person, &found, report)
            }
            People::AcknowledgeKey { user, key, directory } => {
                let (user, key) = (UserId::parse(user)?, IdentityKey::from_base64url(key)?);
                User::open(directory).await?.acknowledge_key(&user, key)?;
                view::done(&format!("{} is trusted with that key", user.as_str()), report)
            }
            People::Renew { directory } => {
                let mut own = User::open(directory).await?;
                own.publish(None).await?;
                view::own(&own.person, report)
            }
            People::ReplaceKey { directory } => {
                let mut own = User::open(directory).await?;
                own.replace_key().await?;
                view::own(&own.person, report)
            }
            People::Remove { directory } => {
                User::open(directory).await?.remove().await?;
                view::done("removed; the id stays reserved for this identity for 90 days", report)
            }
            People::Invite(_) | People::Invitations(_) => Ok(()),
        }
    })
    .await
}

/// Ends `work` at a signal. What was kept until then stays.
async fn until_signal<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = work => result,
        () = interrupted() => Err(Failure::Interrupted),
    }
}

/// Invites, into a room for two that is made if there is no code, and waits there.
async fn invite(args: &Invite, report: Report) -> Result<()> {
    let user = UserId::parse(&args.user)?;
    let send = async |code: &str| {
        let mut own = User::open(&args.directory).await?;
        own.publish(None).await?;
        let found = own.invite(&user, code, &args.text).await?;
        view::invited(&own.person, &found, report)
    };
    if let Some(code) = &args.code {
        return until_signal(send(code)).await;
    }
    // What is wrong with the identity shows before there is a room.
    drop(until_signal(User::open(&args.directory)).await?);
    let two = NewRoom {
        protocol: ProtocolName::Hush1,
        ephemeral: None,
        expiry: None,
        max_members: None,
        two: true,
    };
    let mut entry = room::create(&two, &connect(args.name.as_ref(), &args.directory)).await?;
    let code = entry.session.code().unwrap_or_default().to_owned();
    if let Err(failure) = until_signal(send(&code)).await {
        entry.session.leave().await;
        return Err(failure);
    }
    Chat::new(entry, report, Duration::ZERO).run(Share::Nobody).await
}

/// Lists invitations, deletes one, or joins the room of one.
async fn invitations(args: &Invitations, report: Report) -> Result<()> {
    let fetched = async {
        let mut own = User::open(&args.directory).await?;
        own.publish(None).await?;
        let waiting = own.invitations().await?;
        if args.open.is_none() && args.delete.is_none() {
            view::invitations(&own.person, &waiting, report)?;
        }
        if let Some(number) = args.delete {
            let receipt = chosen(&waiting, number)?.receipt.to_vec();
            own.acknowledge(&[receipt]).await?;
            view::done("deleted", report)?;
        }
        Ok(waiting)
    };
    let waiting = until_signal(fetched).await?;
    let Some(number) = args.open else { return Ok(()) };
    let InvitationSeen { receipt, contents, .. } = chosen(&waiting, number)?;
    let Entry { session, opened } = room::join(&contents.code, &connect(args.name.as_ref(), &args.directory)).await?;
    // Once we are in, nobody needs it any more.
    let acknowledged = async {
        let mut own = User::open(&args.directory).await?;
        own.acknowledge(&[receipt.to_vec()]).await
    };
    if let Err(failure) = until_signal(acknowledged).await {
        session.leave().await;
        return Err(failure);
    }
    Chat::new(Entry { session, opened }, report, Duration::ZERO)
        .run(Share::Nobody)
        .await
}

fn chosen(waiting: &[InvitationSeen], number: usize) -> Result<&InvitationSeen> {
    let found = number.checked_sub(1).and_then(|index| waiting.get(index));
    found.ok_or_else(|| Failure::Usage("there is no such invitation".to_owned()))
}

/// A room at the same relay, under the same identity.
fn connect(name: Option<&String>, directory: &args::Directory) -> Connect {
    Connect {
        server: directory.relay.clone(),
        name: name.cloned(),
        identity: IdentityFrom {
            identity: Some(directory.identity.clone()),
        },
        password: Password {
            password: false,
            password_file: None,
        },
    }
}
