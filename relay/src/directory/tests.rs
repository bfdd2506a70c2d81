//! The directory's rules, with real clients, real files and a clock of our own.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc,
    },
};

use hushroom::{
    frame::{
        people::{refusal_code as code, Fetch, Invite, Lookup, PeopleFrame, UserName},
        Bin, FixedBin,
    },
    people::{
        answer::{check_answer, sign_request},
        pins::Standing,
        Acquaintance, Identity, OneTimeKey, Person, UserId,
    },
    secret::Key,
    Error,
};

use super::{users::HOLD_SECONDS, Directory, DAY_SECONDS};
use crate::{config::Config, stats::Counters};

const START: u64 = 1_790_000_000;
const CODE: &str = "hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A directory in a folder of its own, which goes with it.
struct World {
    directory: Option<Directory>,
    config: Config,
    counters: Arc<Counters>,
    clock: Arc<AtomicU64>,
    folder: PathBuf,
}

impl World {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let folder = std::env::temp_dir().join(format!("hushroom-directory-{:032x}", rand::random::<u128>()));
        std::fs::create_dir(&folder).unwrap();
        let mut config = Config {
            directory: Some(folder.join("people.redb")),
            directory_requests_per_minute: 0,
            registrations_per_minute: 0,
            invitations_per_minute: 0,
            ..Config::default()
        };
        change(&mut config);
        let mut world = Self {
            directory: None,
            config,
            counters: Arc::default(),
            clock: Arc::new(AtomicU64::new(START)),
            folder,
        };
        world.restart();
        world
    }

    fn restart(&mut self) {
        // The writer's thread holds the file until it has seen that nobody is left.
        self.directory = None;
        let path = self.config.directory.clone().unwrap();
        loop {
            let clock = Arc::clone(&self.clock);
            let clock = Box::new(move || clock.load(Ordering::Relaxed));
            match Directory::open_at(&path, &self.config, &self.counters, clock) {
                Ok(directory) => break self.directory = Some(directory),
                Err(error) => assert!(error.to_string().contains("already open"), "{error}"),
            }
        }
    }

    fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    fn pass(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    fn ask(&self, request: &[u8]) -> Vec<u8> {
        self.directory.as_ref().unwrap().answer(request, HOME).unwrap()
    }

    /// What is said to a frame.
    fn say(&self, frame: impl Into<PeopleFrame>) -> PeopleFrame {
        let request = frame.into().encode().unwrap();
        check_answer(&self.ask(&request), &request, None, self.now()).unwrap().0
    }

    fn refusal(&self, request: &[u8]) -> String {
        match check_answer(&self.ask(request), request, None, self.now()).unwrap().0 {
            PeopleFrame::Refused(refused) => refused.code,
            other => panic!("{other:?}"),
        }
    }

    fn challenge(&self, person: &mut Person) -> [u8; 32] {
        let request = person.hail(rand::random()).unwrap();
        person.challenge(&request, &self.ask(&request), self.now()).unwrap()
    }

    fn publish(&self, person: &mut Person) -> Result<u32, Error> {
        let own = person.user().clone();
        let request = person.lookup(&own, false, rand::random()).unwrap();
        person.lookup_own(&request, &self.ask(&request), None, self.now())?;
        let challenge = self.challenge(person);
        let request = person.publish(challenge, None, &seed(), self.now())?;
        person
            .published(&request, &self.ask(&request), self.now())
            .map(|done| done.keys)
    }

    fn add_keys(&self, person: &mut Person, count: usize) -> u32 {
        let seeds: Vec<Key> = (0..count).map(|_| seed()).collect();
        let challenge = self.challenge(person);
        let request = person.add_keys(challenge, &seeds, self.now()).unwrap();
        person.done(&request, &self.ask(&request), self.now()).unwrap().keys
    }

    fn register(&self, name: &str) -> Person {
        let mut person = Person::new(user(name), seed(), None);
        self.publish(&mut person).unwrap();
        person
    }

    fn look_up(&self, person: &mut Person, name: &str) -> Result<Acquaintance, Error> {
        let request = person.lookup(&user(name), true, rand::random()).unwrap();
        person.looked_up(&user(name), &request, &self.ask(&request), self.now())
    }

    fn invite(&self, person: &mut Person, to: &str) -> Result<(), Error> {
        let to = self.look_up(person, to)?;
        let request = person.invite(&to, CODE, "come in", (seed(), rand::random()), self.now())?;
        person.done(&request, &self.ask(&request), self.now()).map(drop)
    }

    /// Receipts of what waits, in all answers that it takes.
    fn mail(&self, person: &mut Person) -> Vec<Vec<u8>> {
        let (mut after, mut receipts) = (0, vec![]);
        loop {
            let challenge = self.challenge(person);
            let request = person.fetch(challenge, after).unwrap();
            let mail = person.fetched(&request, &self.ask(&request), self.now()).unwrap();
            assert_eq!(mail.useless, Vec::<[u8; 29]>::new());
            receipts.extend(mail.invitations.iter().map(|invitation| invitation.receipt.to_vec()));
            match mail.last {
                Some(last) if mail.more => after = last,
                _ => return receipts,
            }
        }
    }

    fn one_time_id(&self, name: &str) -> Option<u32> {
        let lookup = Lookup {
            nonce: FixedBin(rand::random()),
            user: UserName(name.into()),
            one_time: true,
        };
        let PeopleFrame::Found(found) = self.say(lookup) else {
            panic!("not found")
        };
        let bundle = hushroom::people::Bundle::verify(&found.bundle.0).unwrap();
        let verify = |bytes: Bin| OneTimeKey::verify(&bytes.0, &user(name), &bundle.identity).unwrap().id;
        found.one_time.map(verify)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.directory = None;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn seed() -> Key {
    Key::take(&mut rand::random())
}

#[test]
fn somebody_offline_is_found_and_invited_and_everything_outlives_a_restart() {
    let mut world = World::new(|_| {});
    let mut grace = world.register("grace");
    assert_eq!(world.add_keys(&mut grace, 3), 3);
    let mut ada = world.register("ada");
    world.restart();
    let found = world.look_up(&mut ada, "grace").unwrap();
    assert_eq!((found.standing, found.identity), (Standing::New, grace.identity()));
    world.invite(&mut ada, "grace").unwrap();
    world.restart();
    let receipts = world.mail(&mut grace);
    assert_eq!(receipts.len(), 1);
    let challenge = world.challenge(&mut grace);
    let request = grace.acknowledge(challenge, &[&receipts[0]], world.now()).unwrap();
    let done = grace.done(&request, &world.ask(&request), world.now()).unwrap();
    assert_eq!(done.waiting, 0);
    world.restart();
    assert!(world.mail(&mut grace).is_empty());
    assert_eq!(world.add_keys(&mut grace, 0), 1, "two were handed out");
    assert_eq!(world.look_up(&mut ada, "nobody"), Err(Error::UnknownUser));
}

#[test]
fn a_user_id_is_the_first_keys_until_that_key_says_otherwise() {
    let world = World::new(|_| {});
    let mut ada = world.register("ada");
    world.add_keys(&mut ada, 5);
    let mut grace = world.register("grace");
    world.look_up(&mut grace, "ada").unwrap();
    let mut eve = Person::new(user("ada"), seed(), None);
    assert_eq!(world.publish(&mut eve), Err(Error::UserTaken));
    ada.replace_identity(seed()).unwrap();
    assert_eq!(world.publish(&mut ada), Ok(0), "keys signed by the old one are gone");
    let changed = world.look_up(&mut grace, "ada").unwrap();
    assert_eq!(
        (changed.standing, changed.identity),
        (Standing::Changed, ada.identity())
    );
    let newcomer = world.look_up(&mut eve, "ada").unwrap();
    assert_eq!((newcomer.standing, newcomer.identity), (Standing::New, ada.identity()));
}

#[test]
fn a_replacement_without_the_old_key_is_refused() {
    use hushroom::{
        frame::people::Publish,
        people::{Bundle, Replacement},
    };
    let world = World::new(|_| {});
    let mut ada = world.register("ada");
    let (eve, other) = (Identity::from_seed(&seed()), Identity::from_seed(&seed()));
    let bundle = Bundle {
        user: user("ada"),
        identity: eve.public(),
        pre_key_id: 1,
        pre_key: hushroom::people::PublicKey([9; 32]),
        sequence: 50,
        issued: START,
        expires: START + DAY_SECONDS,
        name: String::new(),
    };
    let link = |old: &Identity| Replacement {
        user: user("ada"),
        old: old.public(),
        new: eve.public(),
        sequence: 50,
        time: START,
    };
    let forged = {
        // As if Ada had signed: her key is named, but both signatures are Eve's.
        let mut bytes = link(&other).sign(&other, &eve).unwrap();
        let at = bytes.windows(32).position(|window| window == other.public().0).unwrap();
        bytes[at..at + 32].copy_from_slice(&ada.identity().0);
        bytes
    };
    let chained = link(&other).sign(&other, &eve).unwrap();
    for (replacement, expected) in [
        (None, code::TAKEN),
        (Some(chained), code::TAKEN),
        (Some(forged), code::INVALID),
    ] {
        let publish = Publish {
            bundle: Bin(bundle.sign(&eve).unwrap()),
            replacement: replacement.map(Bin),
        };
        let request = PeopleFrame::from(publish).encode().unwrap();
        let directory = world.directory.as_ref().unwrap().key;
        let challenge = world.challenge(&mut ada);
        let signed = sign_request(&eve, directory, challenge, &user("ada"), request).unwrap();
        assert_eq!(world.refusal(&PeopleFrame::from(signed).encode().unwrap()), expected);
    }
}

#[test]
fn one_time_keys_are_handed_out_once_also_to_many_at_once() {
    let world = World::new(|_| {});
    let mut grace = world.register("grace");
    assert_eq!(world.add_keys(&mut grace, 60), 60);
    assert_eq!(world.add_keys(&mut grace, 60), 100, "not more than 100 are kept");
    let mut ids: Vec<u32> = std::thread::scope(|scope| {
        let ask = || (0..15).filter_map(|_| world.one_time_id("grace")).collect::<Vec<_>>();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 100);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100, "no key twice");
    assert_eq!(world.one_time_id("grace"), None, "then the pre-key has to do");
}

/// A user whose identity key the test has too, and a frame signed with it under a fresh challenge.
fn known(world: &World, name: &str) -> (Person, Identity) {
    let bytes = [7; 32];
    let mut person = Person::new(user(name), Key::from_slice(&bytes).unwrap(), None);
    world.publish(&mut person).unwrap();
    (person, Identity::from_seed(&Key::from_slice(&bytes).unwrap()))
}

fn resign(world: &World, person: &mut Person, identity: &Identity, request: Vec<u8>) -> Vec<u8> {
    let challenge = world.challenge(person);
    let directory = world.directory.as_ref().unwrap().key;
    let signed = sign_request(identity, directory, challenge, &person.user().clone(), request).unwrap();
    PeopleFrame::from(signed).encode().unwrap()
}

fn inside(request: &[u8]) -> Vec<u8> {
    let PeopleFrame::Signed(signed) = PeopleFrame::decode(request).unwrap() else {
        panic!("not signed")
    };
    signed.request.0
}

#[test]
fn keys_that_were_there_before_do_not_come_back() {
    let world = World::new(|_| {});
    let (mut grace, identity) = known(&world, "grace");
    let challenge = world.challenge(&mut grace);
    let request = grace.add_keys(challenge, &[seed(), seed()], START).unwrap();
    assert_eq!(grace.done(&request, &world.ask(&request), START).unwrap().keys, 2);
    assert!(world.one_time_id("grace").is_some() && world.one_time_id("grace").is_some());
    // The very same keys, properly signed for another challenge: both were handed out already.
    let again = resign(&world, &mut grace, &identity, inside(&request));
    assert_eq!(grace.done(&again, &world.ask(&again), START).unwrap().keys, 0);
    assert_eq!(world.one_time_id("grace"), None);
    assert_eq!(world.add_keys(&mut grace, 1), 1, "new ones are taken");
}

#[test]
fn signed_requests_work_once_for_their_user_within_a_minute() {
    let world = World::new(|_| {});
    let (mut ada, mut eve) = (world.register("ada"), world.register("eve"));
    let challenge = world.challenge(&mut ada);
    let fetch = ada.fetch(challenge, 0).unwrap();
    assert!(ada.fetched(&fetch, &world.ask(&fetch), START).is_ok());
    assert_eq!(world.refusal(&fetch), code::NOT_SIGNED, "again");
    let challenge = world.challenge(&mut eve);
    assert_eq!(
        world.refusal(&ada.fetch(challenge, 0).unwrap()),
        code::NOT_SIGNED,
        "another user's challenge"
    );
    let challenge = world.challenge(&mut ada);
    let late = ada.fetch(challenge, 0).unwrap();
    world.pass(60);
    assert_eq!(world.refusal(&late), code::NOT_SIGNED, "too late");
    let request = eve.fetch(world.challenge(&mut ada), 0).unwrap();
    let PeopleFrame::Signed(mut signed) = PeopleFrame::decode(&request).unwrap() else {
        panic!()
    };
    signed.user = UserName("ada".into());
    assert_eq!(
        world.refusal(&PeopleFrame::from(signed).encode().unwrap()),
        code::NOT_SIGNED,
        "another's signature"
    );
    let mut nobody = Person::new(user("nobody"), seed(), None);
    let challenge = world.challenge(&mut nobody);
    let request = nobody.fetch(challenge, 0).unwrap();
    assert_eq!(world.refusal(&request), code::UNKNOWN_USER);
}

#[test]
fn a_bundle_does_not_go_back_and_a_repeated_one_is_fine() {
    let world = World::new(|_| {});
    let (mut ada, identity) = known(&world, "ada");
    let publish = |ada: &mut Person| {
        let challenge = world.challenge(ada);
        let request = ada.publish(challenge, None, &seed(), START).unwrap();
        ada.published(&request, &world.ask(&request), START).unwrap();
        inside(&request)
    };
    let (first, second) = (publish(&mut ada), publish(&mut ada));
    let repeated = resign(&world, &mut ada, &identity, second.clone());
    assert!(
        ada.done(&repeated, &world.ask(&repeated), START).is_ok(),
        "the answer may have got lost"
    );
    let old = resign(&world, &mut ada, &identity, first.clone());
    assert_eq!(world.refusal(&old), code::STALE);
    // Everybody can look bundles up: that does not let anybody publish them.
    let stranger = Identity::from_seed(&seed());
    let foreign = resign(&world, &mut ada, &stranger, second);
    assert_eq!(world.refusal(&foreign), code::NOT_SIGNED);
    let challenge = world.challenge(&mut ada);
    let removed = ada.remove(challenge).unwrap();
    ada.done(&removed, &world.ask(&removed), START).unwrap();
    let old = resign(&world, &mut ada, &identity, first);
    assert_eq!(world.refusal(&old), code::STALE, "also after it was removed");
}

#[test]
fn invitations_are_bounded_and_wait_fourteen_days() {
    let world = World::new(|_| {});
    let mut grace = world.register("grace");
    let mut ada = world.register("ada");
    for _ in 0..100 {
        world.invite(&mut ada, "grace").unwrap();
    }
    assert_eq!(
        world.invite(&mut ada, "grace"),
        Err(Error::RelayLimit("the mailbox is full"))
    );
    assert_eq!(world.mail(&mut grace).len(), 100, "in more than one answer");
    world.pass(14 * DAY_SECONDS - 1);
    world.directory.as_ref().unwrap().sweep();
    assert_eq!(world.mail(&mut grace).len(), 100);
    world.pass(2);
    world.directory.as_ref().unwrap().sweep();
    assert!(world.mail(&mut grace).is_empty());
    world.invite(&mut ada, "grace").unwrap();
    let large = |length| Invite {
        nonce: FixedBin([0; 32]),
        to: UserName("grace".into()),
        sealed: Bin(vec![1; length]),
    };
    for length in [0, 16_385] {
        let PeopleFrame::Refused(refused) = world.say(large(length)) else {
            panic!("taken")
        };
        assert_eq!(refused.code, code::INVALID);
    }
    for _ in 0..31 {
        assert!(matches!(world.say(large(16_384)), PeopleFrame::Done(_)));
    }
    let PeopleFrame::Refused(refused) = world.say(large(16_384)) else {
        panic!("taken")
    };
    assert_eq!(refused.code, code::MAILBOX_FULL, "512 KiB");
}

#[test]
fn who_does_not_come_back_is_forgotten_in_the_end() {
    let world = World::new(|_| {});
    let mut ada = world.register("ada");
    let mut grace = Person::new(user("grace"), seed(), None);
    world.pass(90 * DAY_SECONDS);
    world.directory.as_ref().unwrap().sweep();
    assert_eq!(world.look_up(&mut grace, "ada"), Err(Error::BundleExpired));
    let mut eve = Person::new(user("ada"), seed(), None);
    assert_eq!(world.publish(&mut eve), Err(Error::UserTaken), "it is still reserved");
    world.publish(&mut ada).unwrap();
    assert!(world.look_up(&mut grace, "ada").is_ok());
    world.pass(90 * DAY_SECONDS + HOLD_SECONDS + 1);
    world.directory.as_ref().unwrap().sweep();
    assert_eq!(world.look_up(&mut grace, "ada"), Err(Error::UnknownUser));
    assert!(world.publish(&mut eve).is_ok());
    assert_eq!(
        world.look_up(&mut grace, "ada"),
        Err(Error::KeyUnproven),
        "who knew Ada is not fooled"
    );
}

#[test]
fn a_removed_user_is_gone_and_the_id_is_not_up_for_grabs() {
    let world = World::new(|_| {});
    let mut ada = world.register("ada");
    world.add_keys(&mut ada, 3);
    let mut grace = world.register("grace");
    world.invite(&mut grace, "ada").unwrap();
    let challenge = world.challenge(&mut ada);
    let request = ada.remove(challenge).unwrap();
    ada.done(&request, &world.ask(&request), START).unwrap();
    assert_eq!(world.look_up(&mut grace, "ada"), Err(Error::UnknownUser));
    assert_eq!(world.invite(&mut grace, "ada"), Err(Error::UnknownUser));
    let mut eve = Person::new(user("ada"), seed(), None);
    assert_eq!(world.publish(&mut eve), Err(Error::UserTaken));
    world.publish(&mut ada).unwrap();
    assert!(world.mail(&mut ada).is_empty());
    assert_eq!(world.add_keys(&mut ada, 0), 0);
}

#[test]
fn rates_and_limits_hold() {
    let world = World::new(|config| {
        config.invitations_per_minute = 3;
        config.registrations_per_minute = 2;
        config.directory_max_users = 3;
    });
    let (mut ada, mut grace) = (world.register("ada"), world.register("grace"));
    world.add_keys(&mut grace, 10);
    let mut third = Person::new(user("third"), seed(), None);
    assert_eq!(world.publish(&mut third), Err(Error::RateLimited));
    assert!(world.publish(&mut ada).is_ok(), "who is there may renew");
    let handed_out = (0..5).filter_map(|_| world.one_time_id("grace")).count();
    assert_eq!(handed_out, 3, "one-time keys cannot be drained in a moment");
    assert_eq!(
        world.invite(&mut ada, "grace"),
        Err(Error::RateLimited),
        "the same attention"
    );

    let full = World::new(|config| config.directory_max_users = 1);
    full.register("ada");
    let mut grace = Person::new(user("grace"), seed(), None);
    assert_eq!(
        full.publish(&mut grace),
        Err(Error::RelayLimit("the directory is full"))
    );

    let slow = World::new(|config| config.directory_requests_per_minute = 2);
    let lookup = |user: &str| Lookup {
        nonce: FixedBin([0; 32]),
        user: UserName(user.into()),
        one_time: false,
    };
    for _ in 0..2 {
        let PeopleFrame::Refused(refused) = slow.say(lookup("ada")) else {
            panic!("found")
        };
        assert_eq!(refused.code, code::UNKNOWN_USER, "signed like every answer");
    }
    let PeopleFrame::Refused(refused) = slow.say(lookup("ada")) else {
        panic!("found")
    };
    assert_eq!(refused.code, code::RATE_LIMITED);
    assert!(refused.retry_after.is_some_and(|wait| wait > 0 && wait <= 30_001));
}

#[test]
fn nonsense_is_refused_with_proof() {
    let world = World::new(|_| {});
    let encode = |frame: PeopleFrame| frame.encode().unwrap();
    for nonsense in [
        vec![],
        vec![0xc1],
        vec![0; 1000],
        encode(Fetch { after: 0 }.into()),
        encode(hushroom::frame::people::Done::default().into()),
    ] {
        assert_eq!(world.refusal(&nonsense), code::INVALID);
    }
    for name in ["", "a", "Ada", "a/b"] {
        let lookup = Lookup {
            nonce: FixedBin([0; 32]),
            user: UserName(name.into()),
            one_time: true,
        };
        assert_eq!(world.refusal(&encode(lookup.into())), code::INVALID, "{name}");
    }
}

#[test]
fn the_directory_keeps_its_key_and_its_file_to_itself() {
    let mut world = World::new(|_| {});
    let key = world.directory.as_ref().unwrap().key;
    world.restart();
    assert_eq!(world.directory.as_ref().unwrap().key, key);
    assert_ne!(World::new(|_| {}).directory.as_ref().unwrap().key, key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(world.config.directory.clone().unwrap())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let other = world.folder.join("other");
    std::fs::write(&other, vec![7; 10_000]).unwrap();
    let config = Config {
        directory: Some(other),
        ..Config::default()
    };
    let error = Directory::open(&config, &Arc::default()).unwrap_err();
    assert!(error.to_string().contains("cannot be opened"), "{error}");
}
