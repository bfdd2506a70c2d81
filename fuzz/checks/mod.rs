//! What must hold whatever comes in. Run by the fuzz targets of this folder with new inputs, and by `tests/corpus.rs` with
//! those of `corpus/`. Each check takes its input as a program or as raw bytes; none may panic.

#![allow(dead_code, reason = "each fuzz target uses one of them")]

pub(crate) mod arthas_frame;
mod changes;
pub(crate) mod file_open;
pub(crate) mod frame;
mod input;
pub(crate) mod meddle;
pub(crate) mod people;
pub(crate) mod post;
pub(crate) mod ratchet;
pub(crate) mod sas;
pub(crate) mod share_code;
mod world;

pub(crate) use changes::change;
pub(crate) use input::Input;
