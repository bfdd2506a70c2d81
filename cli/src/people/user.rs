//! A user of a directory, for one command. What has changed is kept before anything that depends on it is sent.

use hushroom::{
    people::{Acquaintance, IdentityKey, InvitationSeen, Person, UserId},
    Error,
};

use super::directory::Directory;
use crate::{
    args,
    failure::{Failure, Result},
    identity::{unix_now, IdentityFile, Turn},
    random,
};

/// One-time keys are topped up to as many as a directory keeps, when fewer than half are left.
const ONE_TIME_KEYS: u32 = 100;
const FEW_ONE_TIME_KEYS: u32 = 50;
/// Most that one frame acknowledges.
const MAX_RECEIPTS: usize = 100;

/// A person at a directory, while nobody else is at its file.
pub(super) struct User {
    pub(super) person: Person,
    directory: Directory,
    turn: Turn,
}

/// A request, and what was answered.
struct Exchange {
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl User {
    /// The user whose identity is kept in a file.
    ///
    /// # Errors
    /// [`Failure::Usage`] when the identity is nobody's yet.
    pub(super) async fn open(args: &args::Directory) -> Result<Self> {
        Self::with(args, |turn| {
            let identity = turn.load()?.filter(|identity| identity.user().is_some());
            let nobody = || Failure::Usage("this identity has no user id yet: hushroom people register".to_owned());
            Ok(Person::of(identity.ok_or_else(nobody)?)?)
        })
        .await
    }

    /// The same, or a new user on the identity of the file, which is made if there is none.
    ///
    /// # Errors
    /// [`Failure::Usage`] when the identity is another user's.
    pub(super) async fn register(args: &args::Directory, user: &str, directory_key: Option<&str>) -> Result<Self> {
        let user = UserId::parse(user)?;
        let key = directory_key.map(IdentityKey::from_base64url).transpose()?;
        Self::with(args, move |turn| {
            let identity = turn.load_or_make()?;
            if identity.user().is_none() {
                return Ok(Person::register(identity, user, key)?);
            }
            let person = Person::of(identity)?;
            if *person.user() != user {
                let message = format!("this identity is that of the user {}", person.user().as_str());
                return Err(Failure::Usage(message));
            }
            if key.is_some() && person.directory().is_some() && key != person.directory() {
                return Err(Error::DirectoryProof.into());
            }
            Ok(person)
        })
        .await
    }

    async fn with(args: &args::Directory, load: impl FnOnce(&Turn) -> Result<Person> + Send + 'static) -> Result<Self> {
        let directory = Directory::of(args.relay.as_deref())?;
        let file = IdentityFile::at(&args.identity);
        // Another process may be at it.
        let opened = tokio::task::spawn_blocking(move || {
            let turn = file.turn()?;
            let person = load(&turn)?;
            Ok::<_, Failure>((person, turn))
        });
        let (person, turn) = opened.await.map_err(|_| Error::Internal("thread"))??;
        Ok(Self {
            person,
            directory,
            turn,
        })
    }

    fn save(&self) -> Result<()> {
        self.turn.save(&self.person.state()?)
    }

    async fn ask(&self, request: Vec<u8>) -> Result<Exchange> {
        let answer = self.directory.ask(request.clone()).await?;
        Ok(Exchange { request, answer })
    }

    async fn challenge(&mut self) -> Result<[u8; 32]> {
        let hail = self.ask(self.person.hail(random::bytes()?)?).await?;
        Ok(self.person.challenge(&hail.request, &hail.answer, unix_now())?)
    }

    /// Sends a request that only wants to be done; how many one-time keys are left.
    async fn done(&mut self, request: Vec<u8>) -> Result<u32> {
        let done = self.ask(request).await?;
        let done = self.person.done(&done.request, &done.answer, unix_now())?;
        Ok(done.keys)
    }

    /// Publishes or renews what is due, and tops up one-time keys. `name`: as before if there is none.
    pub(super) async fn publish(&mut self, name: Option<&str>) -> Result<()> {
        let own = self
            .person
            .lookup(&self.person.user().clone(), false, random::bytes()?)?;
        let own = self.ask(own).await?;
        if self.person.lookup_own(&own.request, &own.answer, name, unix_now())? {
            let challenge = self.challenge().await?;
            let request = self.person.publish(challenge, name, &random::key()?, unix_now())?;
            self.save()?;
            let published = self.ask(request).await?;
            self.person
                .published(&published.request, &published.answer, unix_now())?;
        }
        let challenge = self.challenge().await?;
        let question = self.person.add_keys(challenge, &[], unix_now())?;
        let left = self.done(question).await?;
        if left < FEW_ONE_TIME_KEYS {
            let seeds = (left..ONE_TIME_KEYS).map(|_| random::key());
            let seeds = seeds.collect::<hushroom::Result<Vec<_>>>()?;
            let challenge = self.challenge().await?;
            let request = self.person.add_keys(challenge, &seeds, unix_now())?;
            self.save()?;
            self.done(request).await?;
        }
        self.save()
    }

    /// Looks somebody up, and remembers what came of it.
    pub(super) async fn lookup(&mut self, user: &UserId, one_time: bool) -> Result<Acquaintance> {
        let found = self.ask(self.person.lookup(user, one_time, random::bytes()?)?).await?;
        let found = self.person.looked_up(user, &found.request, &found.answer, unix_now())?;
        self.save()?;
        Ok(found)
    }

    /// Leaves a sealed invitation for somebody.
    pub(super) async fn invite(&mut self, user: &UserId, code: &str, text: &str) -> Result<Acquaintance> {
        let found = self.lookup(user, true).await?;
        let random = (random::key()?, random::bytes()?);
        let request = self.person.invite(&found, code, text, random, unix_now())?;
        self.done(request).await?;
        Ok(found)
    }

    /// Invitations that wait, the oldest first. What does not open is deleted there.
    pub(super) async fn invitations(&mut self) -> Result<Vec<InvitationSeen>> {
        let (mut invitations, mut useless) = (Vec::new(), Vec::new());
        let mut after = 0;
        loop {
            let challenge = self.challenge().await?;
            let mail = self.ask(self.person.fetch(challenge, after)?).await?;
            let mail = self.person.fetched(&mail.request, &mail.answer, unix_now())?;
            invitations.extend(mail.invitations);
            useless.extend(mail.useless.iter().map(|receipt| receipt.to_vec()));
            match mail.last {
                Some(last) if mail.more && last > after => after = last,
                _ => break,
            }
        }
        self.acknowledge(&useless).await?;
        Ok(invitations)
    }

    /// Deletes invitations, and the keys that opened them.
    pub(super) async fn acknowledge(&mut self, receipts: &[Vec<u8>]) -> Result<()> {
        for some in receipts.chunks(MAX_RECEIPTS) {
            let some: Vec<&[u8]> = some.iter().map(Vec::as_slice).collect();
            let challenge = self.challenge().await?;
            let request = self.person.acknowledge(challenge, &some, unix_now())?;
            self.save()?;
            self.done(request).await?;
        }
        Ok(())
    }

    /// Trusts the key that has taken another's place.
    pub(super) fn acknowledge_key(&mut self, user: &UserId, key: IdentityKey) -> Result<()> {
        self.person.acknowledge_key(user, key)?;
        self.save()
    }

    /// Takes a new identity key, with proof by the old one.
    pub(super) async fn replace_key(&mut self) -> Result<()> {
        self.person.replace_identity(random::key()?)?;
        self.save()?;
        self.publish(None).await
    }

    /// Removes the user from the directory.
    pub(super) async fn remove(&mut self) -> Result<()> {
        let challenge = self.challenge().await?;
        let request = self.person.remove(challenge)?;
        self.done(request).await?;
        self.save()
    }
}
