//! Sealed messages for JavaScript.

use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use super::{random, wipe::wiped};
use crate::{error::Result, message, secret::Key};

/// Seals `plaintext` under a random IV: the 16 characters of the IV and, right behind them, the ciphertext. One string,
/// because making an object with two would take longer than sealing a short message.
///
/// # Errors
/// `INVALID_KEY`, `TOO_LARGE`, `RANDOM_UNAVAILABLE`.
#[wasm_bindgen(js_name = sealMessage)]
pub fn seal_message(key: Vec<u8>, plaintext: Vec<u8>) -> Result<String> {
    wiped(|| {
        let plaintext = Zeroizing::new(plaintext);
        let sealed = message::seal(&take_key(key)?, &random::bytes()?, &plaintext)?;
        Ok(sealed.iv + &sealed.ciphertext)
    })
}

/// The plaintext of a sealed message.
///
/// # Errors
/// `INVALID_KEY`, `INVALID_MESSAGE`, `TOO_LARGE`, `DECRYPT_FAILED`.
#[wasm_bindgen(js_name = openMessage)]
pub fn open_message(key: Vec<u8>, iv: &str, ciphertext: &str) -> Result<Vec<u8>> {
    wiped(|| {
        let mut plaintext = message::open(&take_key(key)?, iv, ciphertext)?;
        // wasm-bindgen takes the bytes over and frees them once JavaScript has its copy; the allocator wipes them then.
        Ok(core::mem::take(&mut *plaintext))
    })
}

fn take_key(bytes: Vec<u8>) -> Result<Key> {
    Key::from_slice(&Zeroizing::new(bytes))
}
