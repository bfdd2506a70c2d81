//! `hushroom people`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::code;

/// The directory of a relay, and who asks it.
#[derive(Debug, ClapArgs)]
pub(crate) struct Directory {
    /// Address of the relay, which runs with --directory [default: ws://127.0.0.1:8787/ws]
    #[arg(long, visible_alias = "server", env = "HUSHROOM_SERVER", value_name = "URL")]
    pub(crate) relay: Option<String>,

    /// The file with this device's key, those it knows, and what it keeps as a user; made at first use. It holds secrets
    #[arg(long, env = "HUSHROOM_IDENTITY", value_name = "FILE")]
    pub(crate) identity: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum People {
    /// Register a user id for the identity, or publish its keys again
    Register {
        /// 2 to 64 characters of a-z 0-9 . _ -
        user: String,

        /// What others see, at most 64 bytes
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,

        /// The directory's public key; else the first one that answers is trusted
        #[arg(long, value_name = "KEY")]
        directory_key: Option<String>,

        #[command(flatten)]
        directory: Directory,
    },
    /// Look somebody up: the key, and the safety number to compare
    Lookup {
        /// The user id
        user: String,
        #[command(flatten)]
        directory: Directory,
    },
    /// Invite somebody, who may be offline, into a room for two that is made, and wait there
    Invite(Invite),
    /// List the invitations that have come, or join the room of one
    Invitations(Invitations),
    /// Trust a key that has taken another's place, once its safety number was compared
    AcknowledgeKey {
        /// The user id
        user: String,
        /// The key, as `people lookup` prints it
        key: String,
        #[command(flatten)]
        directory: Directory,
    },
    /// Publish the keys again if that is due; at least every 90 days
    Renew {
        #[command(flatten)]
        directory: Directory,
    },
    /// Take a new key, with proof by the old one. Others are told, and have to acknowledge it
    ReplaceKey {
        #[command(flatten)]
        directory: Directory,
    },
    /// Remove the user from the directory
    Remove {
        #[command(flatten)]
        directory: Directory,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Invite {
    /// The user id
    pub(crate) user: String,

    /// What to say with it, at most 2,000 bytes
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) text: String,

    /// Invite into this room instead of making one, and do not enter it
    #[arg(long, value_name = "CODE|LINK", value_parser = code)]
    pub(crate) code: Option<String>,

    /// The name that is seen in the room [default: the user's]
    #[arg(long, env = "HUSHROOM_NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) directory: Directory,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Invitations {
    /// Join the room of invitation N of the list
    #[arg(long, value_name = "N")]
    pub(crate) open: Option<usize>,

    /// Delete invitation N of the list, unopened
    #[arg(long, value_name = "N", conflicts_with = "open")]
    pub(crate) delete: Option<usize>,

    /// The name that is seen in the room [default: the user's]
    #[arg(long, env = "HUSHROOM_NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) directory: Directory,
}
