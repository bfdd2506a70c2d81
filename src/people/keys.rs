//! A user's own X25519 keys: the pre-key that is published, those before it, and one-time keys.

use super::{
    hpke::{PublicKey, SecretKey},
    invitation::{Header, KeyKind},
    one_time::OneTimeKey,
    signing::{Identity, IdentityKey},
    user_id::UserId,
};
use crate::{error::Result, secret::Key};

/// One-time secrets that are kept. More than a directory keeps: some were handed out, and their invitations are under way.
const MAX_SECRETS: usize = 1_000;

/// A secret key, and what its public half was published as.
pub(super) struct OwnKey {
    pub(super) kind: KeyKind,
    pub(super) id: u32,
    /// The identity key that has signed it: it is part of what an invitation is bound to.
    pub(super) owner: IdentityKey,
    pub(super) secret: SecretKey,
    /// Unix seconds after which it is deleted; for pre-keys that were superseded.
    pub(super) until: Option<u64>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Keyring {
    pub(super) keys: Vec<OwnKey>,
    /// The id of the next key. Rises only.
    pub(super) next_id: u32,
}

impl Keyring {
    /// Makes a pre-key. Those before it are deleted at `until`.
    pub(super) fn new_pre_key(
        &mut self,
        owner: IdentityKey,
        seed: &Key,
        now: u64,
        until: u64,
    ) -> Result<(u32, PublicKey)> {
        let current = |key: &&mut OwnKey| key.kind == KeyKind::PreKey && key.until.is_none();
        for key in self.keys.iter_mut().filter(current) {
            key.until = Some(until);
        }
        let key = self.push(KeyKind::PreKey, owner, seed, now)?;
        Ok((key.0, key.1))
    }

    /// Makes signed one-time keys, one for each seed.
    pub(super) fn new_one_time_keys(
        &mut self,
        user: &UserId,
        identity: &Identity,
        seeds: &[Key],
        now: u64,
    ) -> Result<Vec<Vec<u8>>> {
        let mut signed = Vec::with_capacity(seeds.len());
        for seed in seeds {
            let (id, key) = self.push(KeyKind::OneTime, identity.public(), seed, now)?;
            signed.push(OneTimeKey { id, key }.sign(user, identity)?);
        }
        let one_time = |key: &OwnKey| key.kind == KeyKind::OneTime;
        let mut surplus = self
            .keys
            .iter()
            .filter(|key| one_time(key))
            .count()
            .saturating_sub(MAX_SECRETS);
        self.keys.retain(|key| {
            let drop = one_time(key) && surplus > 0;
            surplus = surplus.saturating_sub(usize::from(drop));
            !drop
        });
        Ok(signed)
    }

    fn push(&mut self, kind: KeyKind, owner: IdentityKey, seed: &Key, now: u64) -> Result<(u32, PublicKey)> {
        // Not below the clock, so that ids rise even after an old state was restored.
        let id = self.next_id.max(u32::try_from(now).unwrap_or(u32::MAX - 1));
        self.next_id = id.saturating_add(1);
        let secret = SecretKey::derive(seed)?;
        let public = secret.public()?;
        self.keys.push(OwnKey {
            kind,
            id,
            owner,
            secret,
            until: None,
        });
        Ok((id, public))
    }

    pub(super) fn find(&self, header: Header) -> Option<&OwnKey> {
        self.keys
            .iter()
            .find(|key| key.kind == header.kind && key.id == header.id)
    }

    /// Deletes a one-time key that has done its work.
    pub(super) fn spend(&mut self, id: u32) {
        self.keys.retain(|key| key.kind != KeyKind::OneTime || key.id != id);
    }

    /// Deletes what is over.
    pub(super) fn prune(&mut self, now: u64) {
        self.keys.retain(|key| key.until.is_none_or(|until| now < until));
    }
}
