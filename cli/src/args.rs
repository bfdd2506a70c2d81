//! The command line.

mod people;

pub(crate) use people::{Directory, Invitations, Invite, People};

use std::{ffi::OsString, path::PathBuf};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use hushroom::{file::DEFAULT_SEGMENT_SIZE_BYTES, share_code::Protocol};

use crate::{
    durations::{expiry, seconds, Seconds},
    failure::EXIT_CODES,
};

/// The relay that `npm start` and `hushroom relay` run.
pub(crate) const DEFAULT_SERVER: &str = "ws://127.0.0.1:8787/ws";

/// A share code or link without the white space around it, which people copy along and [`crate::main`] adds.
#[expect(clippy::unnecessary_wraps, reason = "what a value parser has to return")]
fn code(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(text.trim().to_owned())
}

/// End-to-end encrypted rooms and files.
///
/// A share code is a room's address and key at once: whoever has it can join, and the relay in between sees ciphertext only.
#[derive(Debug, Parser)]
#[command(name = "hushroom", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Write one JSON object per line to standard output, for scripts
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Show no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a room, print its share code, and chat
    Create(Create),
    /// Join a room and chat. Without a terminal, each line of standard input is a message
    Join(Join),
    /// Send a file or standard input to a room
    Send(Send),
    /// Receive the next file of a room
    Receive(Receive),
    /// Look at the identity that is kept in a file
    #[command(subcommand)]
    Identity(Identity),
    /// Find people by their user ids, and invite them while they are offline
    #[command(subcommand)]
    People(People),
    /// Encrypt a file or standard input
    Encrypt(Encrypt),
    /// Decrypt a file or standard input
    Decrypt(Decrypt),
    /// Run a relay, which also serves the demo page
    Relay(hushroom_relay::program::Options),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Connect {
    /// Address of the relay; a link given as the share code names its own [default: ws://127.0.0.1:8787/ws]
    #[arg(long, env = "HUSHROOM_SERVER", value_name = "URL")]
    pub(crate) server: Option<String>,

    /// The name that others see [default: the user's]
    #[arg(long, env = "HUSHROOM_NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) identity: IdentityFrom,

    #[command(flatten)]
    pub(crate) password: Password,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct IdentityFrom {
    /// Be the same in every room: the file with this device's key and those it knows, made at first use. It holds secrets.
    /// Without it, a new identity for each room
    #[arg(long, env = "HUSHROOM_IDENTITY", value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Identity {
    /// Print the device's key and the devices it knows
    Show(Show),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Show {
    /// The file
    #[arg(long, env = "HUSHROOM_IDENTITY", value_name = "FILE")]
    pub(crate) identity: PathBuf,
}

/// A password is never an argument: other users of the machine can read those.
#[derive(Debug, ClapArgs)]
pub(crate) struct Password {
    /// Ask for the room's password (Arthas rooms); HUSHROOM_PASSWORD gives it without asking
    #[arg(long, conflicts_with = "password_file")]
    pub(crate) password: bool,

    /// Read the room's password from the first line of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct NewRoom {
    /// The room's protocol
    #[arg(long, value_enum, default_value_t = ProtocolName::Hush1)]
    pub(crate) protocol: ProtocolName,

    /// How long a message is shown after it was received, such as 30s or 5m
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) ephemeral: Option<Seconds>,

    /// When the room ends, counted from now: up to 7d
    #[arg(long, value_name = "TIME", value_parser = expiry)]
    pub(crate) expiry: Option<Seconds>,

    /// Most members at once (hush1 rooms). 2 is the same as --two
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=50))]
    pub(crate) max_members: Option<u64>,

    /// A room for two: the code lets one other device in, once, and nobody else ever (hush1 rooms)
    #[arg(long, conflicts_with = "max_members")]
    pub(crate) two: bool,
}

impl NewRoom {
    /// 0 for the relay's default.
    pub(crate) fn members(&self) -> u64 {
        if self.two {
            2
        } else {
            self.max_members.unwrap_or(0)
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProtocolName {
    /// The native protocol
    Hush1,
    /// The protocol of the Arthas chat and its clients
    Arthas,
}

impl From<ProtocolName> for Protocol {
    fn from(name: ProtocolName) -> Self {
        match name {
            ProtocolName::Hush1 => Self::Hush1,
            ProtocolName::Arthas => Self::Arthas,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Create {
    #[command(flatten)]
    pub(crate) room: NewRoom,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Join {
    /// A share code, or a link that holds one
    #[arg(value_name = "CODE|LINK", value_parser = code)]
    pub(crate) code: String,

    /// Send standard input as one message, and leave once the relay has it
    #[arg(long)]
    pub(crate) once: bool,

    /// Stay this long after the end of standard input, and print what comes
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) wait: Option<Seconds>,

    #[command(flatten)]
    pub(crate) connect: Connect,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Send {
    /// The file; - for standard input
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,

    /// The room's share code or link; without it a room is made and its code printed
    #[arg(long, value_name = "CODE|LINK", value_parser = code)]
    pub(crate) code: Option<String>,

    /// The name that receivers see, instead of the file's
    #[arg(long, value_name = "NAME")]
    pub(crate) file_name: Option<String>,

    #[command(flatten)]
    pub(crate) room: NewRoom,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Receive {
    /// The room's share code or link
    #[arg(value_name = "CODE|LINK", value_parser = code)]
    pub(crate) code: String,

    /// The folder to save in, or - for standard output
    #[arg(long, short, value_name = "DIR|-", default_value = ".")]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// Where the 32-byte file key comes from. It is never an argument: other users of the machine can read those.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub(crate) struct KeyFrom {
    /// Read the key from this file: 32 bytes, or 43 characters of base64url
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,

    /// Read the key, 43 characters of base64url, from this environment variable
    #[arg(long, value_name = "NAME")]
    pub(crate) key_env: Option<OsString>,
}

/// [`KeyFrom`], or a new key.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub(crate) struct KeyFromOrNew {
    /// Read the key from this file: 32 bytes, or 43 characters of base64url
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,

    /// Read the key, 43 characters of base64url, from this environment variable
    #[arg(long, value_name = "NAME")]
    pub(crate) key_env: Option<OsString>,

    /// Make a new key and keep it in this file, which must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) generate_key: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Format {
    /// Where to write; - for standard output
    #[arg(long, short, value_name = "FILE|-")]
    pub(crate) output: Option<PathBuf>,

    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,

    /// Bytes of a segment; decrypting needs the same as encrypting
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_SEGMENT_SIZE_BYTES)]
    pub(crate) segment_size: u32,

    /// Text that is bound to the file but not in it; decrypting needs the same as encrypting
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) associated_data: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Encrypt {
    /// The file; - for standard input
    #[arg(value_name = "FILE|-", default_value = "-")]
    pub(crate) input: PathBuf,
    #[command(flatten)]
    pub(crate) key: KeyFromOrNew,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Decrypt {
    /// The file; - for standard input
    #[arg(value_name = "FILE|-", default_value = "-")]
    pub(crate) input: PathBuf,

    /// Only these bytes of the plaintext: START..END, START.. or ..END. Only the segments that hold them are read
    #[arg(long, value_name = "START..END", value_parser = crate::crypt::parse_range)]
    pub(crate) range: Option<crate::crypt::ByteRange>,

    #[command(flatten)]
    pub(crate) key: KeyFrom,
    #[command(flatten)]
    pub(crate) format: Format,
}
