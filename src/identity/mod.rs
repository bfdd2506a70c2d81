//! Who somebody is: numbers and pictures that two people compare.

mod emoji;
pub mod safety_number;
pub mod sas;

pub use emoji::EMOJI;
