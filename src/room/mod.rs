//! Protocol machines of rooms. Sans-IO: frames and the time go in, frames and events come out.

mod any;
pub mod arthas;
mod cipher;
mod config;
mod device_key;
mod ephemeral;
mod file;
pub mod hush1;
pub mod name;
mod output;
mod random;
mod trust;

pub use any::Room;
pub use cipher::{FileOpener, FileSealer, Opening, Sealing};
pub use config::{Config, NewRoom};
pub use file::{BulkIn, BulkJob, FileMeta};
pub use hush1::Entrance;
pub use output::{Output, Picture, Quote, RoomEvent, Verification};
pub use random::RandomSource;
