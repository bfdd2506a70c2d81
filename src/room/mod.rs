//! Protocol machines of rooms. Sans-IO: frames and the time go in, frames and events come out.

mod any;
pub mod arthas;
mod cipher;
mod device_key;
mod ephemeral;
mod file;
pub mod hush1;
pub mod name;
mod output;
mod trust;

pub use any::{Config, NewRoom, RandomSource, Room};
pub use cipher::{FileOpener, FileSealer, Opening, Sealing};
pub use file::{BulkIn, BulkJob, FileMeta};
pub use hush1::Entrance;
pub use output::{Output, Picture, Quote, RoomEvent, Verification};
