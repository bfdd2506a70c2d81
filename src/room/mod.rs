//! Protocol machines of rooms. Sans-IO: frames and the time go in, frames and events come out.

pub mod hush1;
pub mod name;
