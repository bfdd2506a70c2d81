//! From a request's bytes to an answer's: what is asked, whether it may be, and the proof of what was said.

use std::{net::IpAddr, time::Duration};

use hushroom::{
    frame::{
        people::{Challenge, Hail, Invite, Lookup, PeopleFrame, Publish, Signed, MAX_SEALED_BYTES},
        Bin,
    },
    people::{
        answer::{check_request, sign_answer},
        Bundle, IdentityKey, OneTimeKey, Replacement, UserId, MAX_CLOCK_SKEW_SECONDS,
    },
};

use super::{
    mailbox,
    refusal::{Fault, Refusal},
    users::{self, Owner},
    Directory,
};

const UNSIGNED: Refusal = Refusal::Invalid("a statement does not verify");

/// What is said, encoded.
type Said = Result<Vec<u8>, Fault>;

impl Directory {
    /// Answers one request of `address`. `None` when the database has failed.
    pub(crate) fn answer(&self, request: &[u8], address: IpAddr) -> Option<Vec<u8>> {
        let said = match self.requests.check(&address) {
            Ok(()) => self.handle(request, address),
            Err(wait) => Err(Refusal::RateLimited(wait).into()),
        };
        let result = match said {
            Ok(result) => result,
            Err(Fault::Refused(refusal)) => {
                self.counters.directory_refused_total.add(1);
                PeopleFrame::from(refusal.frame()).encode().ok()?
            }
            Err(Fault::Storage(error)) => {
                tracing::error!(%error, "the directory's database failed");
                return None;
            }
        };
        let answer = sign_answer(&self.identity, request, self.now(), result);
        PeopleFrame::from(answer).encode().ok()
    }

    fn handle(&self, request: &[u8], address: IpAddr) -> Said {
        let frame = PeopleFrame::decode(request).map_err(|_| Refusal::Invalid("not a frame"))?;
        match frame {
            PeopleFrame::Hail(hail) => self.hail(&hail),
            PeopleFrame::Lookup(lookup) => self.lookup(&lookup),
            PeopleFrame::Invite(invite) => self.invite(invite, address),
            PeopleFrame::Signed(signed) => self.signed(&signed, address),
            _ => Err(Refusal::Invalid("not a request").into()),
        }
    }

    fn hail(&self, hail: &Hail) -> Said {
        let user = user_id(&hail.user.0)?;
        let challenge = self.challenges.make(user.as_str(), self.now());
        let challenge = hushroom::frame::FixedBin(challenge);
        say(&Challenge { challenge }.into())
    }

    fn lookup(&self, lookup: &Lookup) -> Said {
        self.counters.directory_lookups_total.add(1);
        let user = user_id(&lookup.user.0)?.as_str().to_owned();
        let (entry, has_key) = users::lookup(&self.store.read()?, &user)?;
        // Above the rate there are no one-time keys, but there are still answers: the pre-key does.
        if !lookup.one_time || !has_key || self.attention.check(&user).is_err() {
            return Ok(entry);
        }
        say(&self
            .store
            .write(move |transaction| users::take_key(transaction, &user))?)
    }

    fn invite(&self, invite: Invite, address: IpAddr) -> Said {
        let user = user_id(&invite.to.0)?.as_str().to_owned();
        if invite.sealed.0.is_empty() || invite.sealed.0.len() > MAX_SEALED_BYTES {
            return Err(Refusal::Invalid("not an invitation").into());
        }
        limit(self.invitations.check(&address))?;
        users::lookup(&self.store.read()?, &user)?;
        limit(self.attention.check(&user))?;
        let now = self.now();
        let Bin(sealed) = invite.sealed;
        let done = self
            .store
            .write(move |transaction| mailbox::put(transaction, &user, &sealed, now))?;
        self.counters.directory_invitations_total.add(1);
        say(&done)
    }

    fn signed(&self, signed: &Signed, address: IpAddr) -> Said {
        let user = user_id(&signed.user.0)?;
        if !self.challenges.holds(&signed.challenge.0, user.as_str(), self.now()) {
            return Err(Refusal::NotSigned.into());
        }
        let request = PeopleFrame::decode(&signed.request.0).map_err(|_| Refusal::Invalid("not a frame"))?;
        let owner = Owner::of(&self.store.read()?, user.as_str())?;
        if let PeopleFrame::Publish(publish) = request {
            return self.publish(signed, &user, publish, owner.is_none().then_some(address));
        }
        let owner = owner.ok_or(Refusal::UnknownUser)?;
        self.prove(signed, &user, owner.identity)?;
        let (now, name) = (self.now(), user.as_str().to_owned());
        match request {
            PeopleFrame::AddKeys(add) => {
                let verify = |bytes: Bin| OneTimeKey::verify(&bytes.0, &user, &owner.identity).map(|key| (key, bytes));
                let keys: Result<Vec<_>, _> = add.keys.into_iter().map(verify).collect();
                let keys = keys.map_err(|_| UNSIGNED)?;
                say(&self
                    .store
                    .write(move |transaction| users::add_keys(transaction, &name, owner.identity, &keys))?)
            }
            PeopleFrame::Fetch(fetch) => say(&mailbox::fetch(&self.store.read()?, &name, fetch.after)?),
            PeopleFrame::Acknowledge(acknowledge) => say(&self
                .store
                .write(move |transaction| mailbox::acknowledge(transaction, &name, &acknowledge.ids))?),
            PeopleFrame::Remove(_) => say(&self
                .store
                .write(move |transaction| users::remove(transaction, &name, now))?),
            _ => Err(Refusal::Invalid("not a request").into()),
        }
    }

    /// `newcomer`: the address of who registers a user id that is free.
    fn publish(&self, signed: &Signed, user: &UserId, publish: Publish, newcomer: Option<IpAddr>) -> Said {
        let bundle = Bundle::verify(&publish.bundle.0).map_err(|_| UNSIGNED)?;
        if bundle.user != *user {
            return Err(UNSIGNED.into());
        }
        bundle.check_time(self.now()).map_err(|_| UNSIGNED)?;
        let replacement = match publish.replacement {
            None => None,
            Some(bytes) => {
                let link = Replacement::verify(&bytes.0).map_err(|_| UNSIGNED)?;
                let fits = link.user == *user && link.new == bundle.identity;
                let late = link.time > self.now().saturating_add(MAX_CLOCK_SKEW_SECONDS);
                if !fits || late {
                    return Err(UNSIGNED.into());
                }
                Some((link, bytes))
            }
        };
        self.prove(signed, user, bundle.identity)?;
        if let Some(address) = newcomer {
            limit(self.registrations.check(&address))?;
        }
        let (bytes, max_users) = (publish.bundle, self.max_users);
        let done = self
            .store
            .write(move |transaction| users::publish(transaction, (&bundle, bytes), replacement, max_users))?;
        self.counters.directory_published_total.add(1);
        say(&done)
    }

    /// Checks a signature, and uses its challenge up.
    fn prove(&self, signed: &Signed, user: &UserId, identity: IdentityKey) -> Result<(), Refusal> {
        check_request(signed, self.key, user, identity).map_err(|_| Refusal::NotSigned)?;
        if self.challenges.spend(&signed.challenge.0, self.now()) {
            Ok(())
        } else {
            Err(Refusal::NotSigned)
        }
    }
}

fn user_id(text: &str) -> Result<UserId, Refusal> {
    UserId::parse(text).map_err(|_| Refusal::Invalid("not a user id"))
}

fn limit(checked: Result<(), Duration>) -> Result<(), Refusal> {
    checked.map_err(Refusal::RateLimited)
}

fn say(frame: &PeopleFrame) -> Said {
    Ok(frame.encode().map_err(|_| Refusal::Invalid("too large"))?)
}
