//! A room: its connection, its machine and its files.
//!
//! [`Session`] drives the core's room machine, which has neither sockets nor a clock. Everything runs on the task that calls
//! [`Session::next`]; only sockets and files have threads or tasks of their own.

mod entry;
mod files;
mod incoming;
mod json;
mod outgoing;
mod server;
mod session;
mod socket;
mod trust;

pub(crate) use entry::{create, join, Entry};
pub(crate) use incoming::Target;
pub(crate) use json::JsonLines;
pub(crate) use outgoing::Source;
pub(crate) use server::directory_url;
pub(crate) use session::{Event, Session};
