//! Cleaning the stack that a call has used.
//!
//! Key schedules and intermediate values live on the stack in linear memory, where they would stay until some later call
//! happens to overwrite them.

use core::hint::black_box;

/// How much of the stack is overwritten, in 64-bit words: 16 KiB. Sealing and opening messages use at most 4 KiB.
const WORDS: usize = 2048;

/// Runs `call` and overwrites the stack it has used.
pub(crate) fn wiped<T>(call: impl FnOnce() -> T) -> T {
    let result = below(call);
    overwrite();
    result
}

/// Not inlined, so that everything `call` puts on the stack lies below the frame of [`wiped`].
#[inline(never)]
fn below<T>(call: impl FnOnce() -> T) -> T {
    call()
}

/// Not inlined, so that its array lies where the frames of [`below`] were.
#[inline(never)]
fn overwrite() {
    // `black_box` may read the array as far as the compiler knows, so the zeros have to be written.
    black_box(&mut [0u64; WORDS]);
}
