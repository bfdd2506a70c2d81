//! The bindings: they convert and forward, nothing else.
//!
//! Wiping. JavaScript hands over copies of keys and plaintexts, so both the heap and the stack of this module are cleaned
//! behind every call: the allocator zeroizes whatever is freed (wasm-bindgen's own copies of arguments and results
//! included), and [`wipe::wiped`] overwrites the stack that a call has used.

pub mod codes;
mod error;
pub mod file;
pub mod frames;
#[cfg(feature = "room")]
pub mod identity;
pub mod messages;
#[cfg(feature = "room")]
pub(crate) mod number;
mod object;
#[cfg(feature = "room")]
pub mod people;
mod random;
#[cfg(feature = "room")]
pub mod room;
mod value;
mod wipe;

use wasm_bindgen::prelude::wasm_bindgen;

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Version and flavour of this build. The loader refuses wasm that is not of its own build.
#[wasm_bindgen]
#[must_use]
pub fn build() -> String {
    let flavour = if cfg!(feature = "room") { "room" } else { "core" };
    format!("{} {flavour}", env!("CARGO_PKG_VERSION"))
}

/// Shows Rust panics on the console, with their location. Not in release builds: the strings are large.
#[cfg(feature = "debug")]
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
