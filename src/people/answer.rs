//! What proves a directory's answer, and a user's request.
//!
//! ```text
//! answer  = signed("answer", SHA-256(request as sent) | BE64(time) | SHA-256(result))
//! request = signed("request", directory key(32) | challenge(32) | len8(user id) | SHA-256(request))
//! ```
//! Every request holds a random value that was not there before, so an answer fits one question only; kept together, both show
//! anybody what the directory said. The directory's key is in a request, so that no directory can use it at another.

use sha2::{Digest, Sha256};

use super::{
    bundle::MAX_CLOCK_SKEW_SECONDS,
    bytes::push8,
    signing::{Identity, IdentityKey, Label},
    user_id::UserId,
};
use crate::{
    error::{Error, Result},
    frame::{
        client::decode_answered,
        people::{Answer, PeopleFrame, Signed},
        Bin, FixedBin,
    },
};

/// Signs `result` as the answer to `request`, the bytes as they came. `now` in Unix seconds.
#[must_use]
pub fn sign_answer(directory: &Identity, request: &[u8], now: u64, result: Vec<u8>) -> Answer {
    let signature = directory.sign(Label::Answer, &[&answer_parts(request, now, &result)]);
    Answer {
        key: FixedBin(directory.public().0),
        t: now,
        result: Bin(result),
        signature: FixedBin(signature),
    }
}

/// Checks that `answer` answers `request`, and returns what it says, and who signed it.
///
/// # Errors
/// [`Error::DirectoryProof`] when `directory` is another key, the signature does not fit, or the clocks are more than a day
/// apart; [`Error::InvalidFrame`] for what is no answer.
pub fn check_answer(
    answer: &[u8],
    request: &[u8],
    directory: Option<IdentityKey>,
    now: u64,
) -> Result<(PeopleFrame, IdentityKey)> {
    let PeopleFrame::Answer(answer) = decode_answered(answer)? else {
        return Err(Error::InvalidFrame("not an answer"));
    };
    let key = IdentityKey(answer.key.0);
    if directory.is_some_and(|pinned| pinned != key) || answer.t.abs_diff(now) > MAX_CLOCK_SKEW_SECONDS {
        return Err(Error::DirectoryProof);
    }
    let parts = answer_parts(request, answer.t, &answer.result.0);
    key.verify(Label::Answer, &[&parts], &answer.signature.0)?;
    Ok((decode_answered(&answer.result.0)?, key))
}

/// Signs `request`, an encoded frame of type 0x64 to 0x68, as `user`.
///
/// # Errors
/// [`Error::Internal`].
pub fn sign_request(
    identity: &Identity,
    directory: IdentityKey,
    challenge: [u8; 32],
    user: &UserId,
    request: Vec<u8>,
) -> Result<Signed> {
    let parts = request_parts(directory, &challenge, user, &request)?;
    Ok(Signed {
        challenge: FixedBin(challenge),
        user: user.to_name(),
        signature: FixedBin(identity.sign(Label::Request, &[&parts])),
        request: Bin(request),
    })
}

/// Checks that the holder of `identity` made `signed` for this directory. Whether the challenge still holds is the directory's
/// to say.
///
/// # Errors
/// [`Error::DirectoryProof`].
pub fn check_request(signed: &Signed, directory: IdentityKey, user: &UserId, identity: IdentityKey) -> Result<()> {
    let parts = request_parts(directory, &signed.challenge.0, user, &signed.request.0)?;
    identity.verify(Label::Request, &[&parts], &signed.signature.0)
}

fn answer_parts(request: &[u8], time: u64, result: &[u8]) -> Vec<u8> {
    let (request, result) = (Sha256::digest(request), Sha256::digest(result));
    [request.as_slice(), &time.to_be_bytes(), result.as_slice()].concat()
}

fn request_parts(directory: IdentityKey, challenge: &[u8; 32], user: &UserId, request: &[u8]) -> Result<Vec<u8>> {
    let mut parts = [directory.0, *challenge].concat();
    push8(&mut parts, user.as_str().as_bytes())?;
    parts.extend_from_slice(&Sha256::digest(request));
    Ok(parts)
}
