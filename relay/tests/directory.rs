//! The key directory over real HTTP, by the real program: what it acknowledged survives `kill -9`, and lookups are fast.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to stop"
)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hushroom::{
    frame::people::PeopleFrame,
    people::{Person, UserId},
    secret::Key,
    Error,
};

const CODE: &str = "hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
/// Nothing here takes this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("hushroom-people-{:032x}", rand::random::<u128>()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("people.redb")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    fn start(directory: Option<&Path>, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hushroom-relay"));
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        if let Some(path) = directory {
            command.arg("--directory").arg(path);
            for limit in ["directory-requests", "registrations", "invitations"] {
                command.arg(format!("--{limit}-per-minute=0"));
            }
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap()
            .parse()
            .unwrap();
        Self { child, address }
    }

    /// As a crash would.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection that is kept open.
struct Http(BufReader<TcpStream>);

impl Http {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, method: &str, headers: &str, body: &[u8]) {
        let length = body.len();
        let head = format!("{method} /directory HTTP/1.1\r\nHost: relay\r\n{headers}Content-Length: {length}\r\n\r\n");
        self.0.get_mut().write_all(&[head.as_bytes(), body].concat()).unwrap();
    }

    /// The status, the head and the body.
    fn receive(&mut self) -> std::io::Result<(u16, String, Vec<u8>)> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body)?;
        Ok((head[9..12].parse().unwrap(), head, body))
    }

    fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        self.send("POST", "", request);
        let (status, _, body) = self.receive().unwrap();
        assert_eq!(status, 200);
        body
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn seed() -> Key {
    Key::take(&mut rand::random())
}

fn challenge(http: &mut Http, person: &mut Person) -> [u8; 32] {
    let request = person.hail(rand::random()).unwrap();
    person.challenge(&request, &http.ask(&request), now()).unwrap()
}

fn register(http: &mut Http, name: &str) -> Person {
    let mut person = Person::new(user(name), seed(), None);
    publish(http, &mut person).unwrap();
    person
}

fn publish(http: &mut Http, person: &mut Person) -> Result<(), Error> {
    let own = person.user().clone();
    let request = person.lookup(&own, false, rand::random()).unwrap();
    person.lookup_own(&request, &http.ask(&request), None, now())?;
    let fresh = challenge(http, person);
    let request = person.publish(fresh, None, &seed(), now())?;
    person.published(&request, &http.ask(&request), now()).map(drop)
}

fn invite(http: &mut Http, from: &mut Person, to: &str) -> Result<(), Error> {
    let request = from.lookup(&user(to), true, rand::random()).unwrap();
    let found = from.looked_up(&user(to), &request, &http.ask(&request), now())?;
    let request = from.invite(&found, CODE, "come in", (seed(), rand::random()), now())?;
    from.done(&request, &http.ask(&request), now()).map(drop)
}

fn waiting(http: &mut Http, person: &mut Person) -> usize {
    let mut count = 0;
    let mut after = 0;
    loop {
        let fresh = challenge(http, person);
        let request = person.fetch(fresh, after).unwrap();
        let mail = person.fetched(&request, &http.ask(&request), now()).unwrap();
        assert!(mail.useless.is_empty());
        count += mail.invitations.len();
        match mail.last {
            Some(last) if mail.more => after = last,
            _ => return count,
        }
    }
}

#[test]
fn http_has_its_rules() {
    let folder = Folder::new();
    let without = Program::start(None, &[]);
    let mut http = Http::connect(without.address);
    http.send("POST", "", b"x");
    assert_eq!(http.receive().unwrap().0, 404, "a relay without a directory");
    http.send("GET", "", b"");
    assert_eq!(http.receive().unwrap().0, 204, "which is no error to ask");

    let with = Program::start(Some(&folder.file()), &["--allow-origin=https://chat.example"]);
    let ask = |method: &str, headers: &str, body: &[u8]| {
        let mut http = Http::connect(with.address);
        http.send(method, headers, body);
        http.receive().unwrap()
    };
    let (status, head, body) = ask("GET", "Origin: https://other.example\r\n", b"");
    assert_eq!((status, &body[..]), (200, &b"hushroom/1 people"[..]));
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    let (status, head, body) = ask("POST", "Origin: https://chat.example\r\n", b"nonsense");
    assert_eq!(status, 200, "a refusal is an answer too");
    assert!(matches!(PeopleFrame::decode(&body), Ok(PeopleFrame::Answer(_))));
    assert!(
        head.contains("access-control-allow-origin: *") && head.contains("cache-control: no-store"),
        "{head}"
    );
    assert!(
        !head.contains("allow-credentials") && head.contains("x-content-type-options: nosniff"),
        "{head}"
    );
    assert_eq!(ask("POST", "Origin: https://other.example\r\n", b"nonsense").0, 403);
    assert_eq!(ask("POST", "", &vec![0; 131_073]).0, 413);
    assert_eq!(ask("PUT", "", b"").0, 405);
    let (status, head, _) = ask("OPTIONS", "Origin: https://chat.example\r\n", b"");
    assert!(
        status == 204 && head.contains("access-control-allow-methods: post"),
        "{head}"
    );
}

#[test]
fn nothing_acknowledged_is_lost_when_the_relay_is_killed() {
    let folder = Folder::new();
    let program = Program::start(Some(&folder.file()), &[]);
    let mut http = Http::connect(program.address);
    let mut grace = register(&mut http, "grace");
    let seeds: Vec<Key> = (0..50).map(|_| seed()).collect();
    let fresh = challenge(&mut http, &mut grace);
    let request = grace.add_keys(fresh, &seeds, now()).unwrap();
    assert_eq!(grace.done(&request, &http.ask(&request), now()).unwrap().keys, 50);
    // Many write at once, and the relay is killed in the middle of it.
    let acknowledged = AtomicUsize::new(0);
    let address = program.address;
    let names: Vec<String> = std::thread::scope(|scope| {
        let write = |thread: usize| {
            let mut http = Http::connect(address);
            let mut done = vec![];
            for index in 0.. {
                let name = format!("user-{thread}-{index}");
                let attempt = std::panic::AssertUnwindSafe(|| {
                    let mut person = register(&mut http, &name);
                    invite(&mut http, &mut person, "grace").map(|()| person)
                });
                match std::panic::catch_unwind(attempt) {
                    Ok(Ok(_)) => done.push(name),
                    // The mailbox is full, but the user is there.
                    Ok(Err(Error::RelayLimit(_))) => break,
                    _ => break,
                }
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            done
        };
        // What the threads say of a relay that dies is no news.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || write(thread))).collect();
        let start = Instant::now();
        while acknowledged.load(Ordering::SeqCst) < 40 && start.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
        program.kill();
        let names = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        std::panic::set_hook(hook);
        names
    });
    assert!(names.len() >= 40, "{} were acknowledged", names.len());

    let start = Instant::now();
    let program = Program::start(Some(&folder.file()), &[]);
    println!("{} users acknowledged; back after {:?}", names.len(), start.elapsed());
    let mut http = Http::connect(program.address);
    for name in &names {
        let request = grace.lookup(&user(name), false, rand::random()).unwrap();
        assert!(
            grace
                .looked_up(&user(name), &request, &http.ask(&request), now())
                .is_ok(),
            "{name}"
        );
    }
    let mail = waiting(&mut http, &mut grace);
    assert!(
        mail >= names.len() && mail <= 100,
        "{mail} invitations for {} acknowledged",
        names.len()
    );
    let fresh = challenge(&mut http, &mut grace);
    let request = grace.add_keys(fresh, &[], now()).unwrap();
    let left = grace.done(&request, &http.ask(&request), now()).unwrap().keys as usize;
    assert!(
        left <= 50usize.saturating_sub(names.len()),
        "a key that was handed out is not there again"
    );
    publish(&mut http, &mut grace).unwrap();
}

/// Part of `npm run soak`.
#[test]
#[ignore = "takes minutes: npm run soak directory"]
fn a_hundred_thousand_entries_are_looked_up_in_less_than_a_millisecond() {
    const USERS: usize = 100_000;
    const THREADS: usize = 64;
    let folder = Folder::new();
    let program = Program::start(Some(&folder.file()), &[]);
    let address = program.address;
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut http = Http::connect(address);
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= USERS {
                        break;
                    }
                    register(&mut http, &format!("user-{index}"));
                }
            });
        }
    });
    let (took, size) = (start.elapsed(), std::fs::metadata(folder.file()).unwrap().len());
    println!("{USERS} users registered in {took:?}; file of {} MiB", size >> 20);
    let measure = |address, one_time: bool, count: usize| {
        let mut http = Http::connect(address);
        let mut times: Vec<Duration> = (0..count)
            .map(|_| {
                let name = user(&format!("user-{}", rand::random::<u32>() as usize % USERS));
                let person = Person::new(user("asker"), seed(), None);
                let request = person.lookup(&name, one_time, rand::random()).unwrap();
                let start = Instant::now();
                let answer = http.ask(&request);
                let took = start.elapsed();
                let mut person = person;
                person.looked_up(&name, &request, &answer, now()).unwrap();
                took
            })
            .collect();
        times.sort_unstable();
        let at = |part: usize| times[times.len() * part / 1000];
        println!(
            "{count} lookups (one-time keys: {one_time}): median {:?}, 99 % {:?}, longest {:?}",
            at(500),
            at(990),
            at(999)
        );
        at(500)
    };
    let warm = measure(address, false, 10_000);
    program.kill();
    let start = Instant::now();
    let program = Program::start(Some(&folder.file()), &[]);
    println!("killed; back after {:?}", start.elapsed());
    let cold = measure(program.address, false, 10_000);
    let mut http = Http::connect(program.address);
    let mut grace = register(&mut http, "grace");
    let seeds: Vec<Key> = (0..100).map(|_| seed()).collect();
    let fresh = challenge(&mut http, &mut grace);
    let request = grace.add_keys(fresh, &seeds, now()).unwrap();
    grace.done(&request, &http.ask(&request), now()).unwrap();
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            let request = grace.lookup(&user("grace"), true, rand::random()).unwrap();
            let start = Instant::now();
            http.ask(&request);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!(
        "100 lookups that hand out a one-time key: median {:?}, longest {:?}",
        times[50], times[99]
    );
    assert!(
        warm < Duration::from_millis(1) && cold < Duration::from_millis(1),
        "{warm:?} {cold:?}"
    );
}
