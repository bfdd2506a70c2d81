//! What an operator can set, as flags and environment variables. The defaults suit a public relay on one machine.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::{builder::RangedU64ValueParser, ArgAction, Args};

/// Settings of a relay. [`Config::default`] has the values that `--help` shows.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Config {
    /// Address and port of the page and of WebSockets at /ws; port 0 takes any free one
    #[arg(long, env = "HUSHROOM_LISTEN", value_name = "ADDR:PORT", default_value_t = Config::default().listen)]
    pub listen: SocketAddr,

    /// Address and port of the metrics (Prometheus text at /metrics); keep it on loopback. Off by default
    #[arg(long, env = "HUSHROOM_METRICS_LISTEN", value_name = "ADDR:PORT")]
    pub metrics_listen: Option<SocketAddr>,

    /// Keep a key directory in this file: public keys by user id, and sealed invitations. Off by default
    #[arg(long, env = "HUSHROOM_DIRECTORY", value_name = "FILE")]
    pub directory: Option<PathBuf>,

    /// Most users of the key directory
    #[arg(long, env = "HUSHROOM_DIRECTORY_MAX_USERS", value_name = "N",
          default_value_t = Config::default().directory_max_users)]
    pub directory_max_users: u64,

    /// Requests to the key directory an address may make in a minute; 0 for no limit
    #[arg(long, env = "HUSHROOM_DIRECTORY_REQUESTS_PER_MINUTE", value_name = "N",
          default_value_t = Config::default().directory_requests_per_minute)]
    pub directory_requests_per_minute: u32,

    /// New users an address may register in a minute; 0 for no limit
    #[arg(long, env = "HUSHROOM_REGISTRATIONS_PER_MINUTE", value_name = "N",
          default_value_t = Config::default().registrations_per_minute)]
    pub registrations_per_minute: u32,

    /// Invitations an address may leave in a minute, and as many of a user's invitations and one-time keys together: each
    /// invitation mostly takes one of both; 0 for no limit
    #[arg(long, env = "HUSHROOM_INVITATIONS_PER_MINUTE", value_name = "N",
          default_value_t = Config::default().invitations_per_minute)]
    pub invitations_per_minute: u32,

    /// Days an invitation waits to be fetched, 1 to 14
    #[arg(long, env = "HUSHROOM_INVITATION_DAYS", value_name = "DAYS",
          default_value_t = Config::default().invitation_days, value_parser = clap::value_parser!(u64).range(1..=14))]
    pub invitation_days: u64,

    /// Web origins whose pages may connect (scheme://host or scheme://host:port, separated by commas); * for all, and so is
    /// an empty list; none for clients that send no Origin, whatever --allow-missing-origin says
    #[arg(long, visible_alias = "allowed-origins", env = "HUSHROOM_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',',
          default_values_t = Config::default().allow_origin)]
    pub allow_origin: Vec<String>,

    /// Whether Arthas' clients are served too; their relay learns the members' names
    #[arg(long, env = "HUSHROOM_ARTHAS", value_name = "BOOL", action = ArgAction::Set,
          default_value_t = Config::default().arthas)]
    pub arthas: bool,

    /// Most Arthas rooms at once in the public list at /api/hub
    #[arg(long, env = "HUSHROOM_MAX_PUBLIC_ROOMS", value_name = "N",
          default_value_t = Config::default().max_public_rooms)]
    pub max_public_rooms: usize,

    /// Requests for the public list an address may make in a minute; 0 for no limit
    #[arg(long, env = "HUSHROOM_LISTINGS_PER_MINUTE", value_name = "N",
          default_value_t = Config::default().listings_per_minute)]
    pub listings_per_minute: u32,

    /// Whether clients that send no Origin, which are not browsers, may connect
    #[arg(long, env = "HUSHROOM_ALLOW_MISSING_ORIGIN", value_name = "BOOL", action = ArgAction::Set,
          default_value_t = Config::default().allow_missing_origin)]
    pub allow_missing_origin: bool,

    /// Take a client's address from the last X-Forwarded-For entry; only behind a proxy that writes it
    #[arg(long, env = "HUSHROOM_TRUST_PROXY")]
    pub trust_proxy: bool,

    /// Most connections at once, page views included
    #[arg(long, env = "HUSHROOM_MAX_CONNECTIONS", value_name = "N", default_value_t = Config::default().max_connections,
          value_parser = count())]
    pub max_connections: usize,

    /// Most WebSocket connections at once from one address (IPv6: from one /64)
    #[arg(long, env = "HUSHROOM_MAX_CONNECTIONS_PER_IP", value_name = "N",
          default_value_t = Config::default().max_connections_per_ip, value_parser = count())]
    pub max_connections_per_ip: usize,

    /// Most rooms at once
    #[arg(long, env = "HUSHROOM_MAX_ROOMS", value_name = "N", default_value_t = Config::default().max_rooms,
          value_parser = count())]
    pub max_rooms: usize,

    /// Most bytes of posts kept for resuming and of file data waiting for receivers, over all rooms
    #[arg(long, env = "HUSHROOM_MAX_BUFFERED_BYTES", value_name = "BYTES",
          default_value_t = Config::default().max_buffered_bytes, value_parser = count())]
    pub max_buffered_bytes: usize,

    /// Most members of a room whose maker does not say, 2 to 50
    #[arg(long, env = "HUSHROOM_DEFAULT_MEMBERS", value_name = "N", default_value_t = Config::default().default_members,
          value_parser = RangedU64ValueParser::<usize>::new().range(2..=50))]
    pub default_members: usize,

    /// Rooms an address may make or join in a minute; 0 for no limit
    #[arg(long, env = "HUSHROOM_JOINS_PER_MINUTE", value_name = "N", default_value_t = Config::default().joins_per_minute)]
    pub joins_per_minute: u32,

    /// Rooms an address may make or join at once before that rate holds
    #[arg(long, env = "HUSHROOM_JOINS_BURST", value_name = "N", default_value_t = Config::default().joins_burst)]
    pub joins_burst: u32,

    /// Posts, or reactions and files in Arthas rooms, a connection may send in a second; 0 for no limit
    #[arg(long, env = "HUSHROOM_POSTS_PER_SECOND", value_name = "N", default_value_t = Config::default().posts_per_second)]
    pub posts_per_second: u32,

    /// Posts a connection may send at once before that rate holds: a member that comes as the 50th sends up to 100
    #[arg(long, env = "HUSHROOM_POSTS_BURST", value_name = "N", default_value_t = Config::default().posts_burst)]
    pub posts_burst: u32,

    /// Windows (acknowledgements of file data) a connection may send in a second; 0 for no limit
    #[arg(long, env = "HUSHROOM_WINDOWS_PER_SECOND", value_name = "N",
          default_value_t = Config::default().windows_per_second)]
    pub windows_per_second: u32,

    /// Windows a connection may send at once before that rate holds
    #[arg(long, env = "HUSHROOM_WINDOWS_BURST", value_name = "N", default_value_t = Config::default().windows_burst)]
    pub windows_burst: u32,

    /// File data a connection may send in a second; a faster one is slowed down. 0 for no limit
    #[arg(long, env = "HUSHROOM_BULK_BYTES_PER_SECOND", value_name = "BYTES",
          default_value_t = Config::default().bulk_bytes_per_second)]
    pub bulk_bytes_per_second: u32,

    /// How long a connection may stay outside any room
    #[arg(long, env = "HUSHROOM_HANDSHAKE_SECONDS", value_name = "SECONDS",
          default_value_t = Config::default().handshake_seconds)]
    pub handshake_seconds: Seconds,

    /// How long a connection that speaks Arthas may stay outside any room
    #[arg(long, env = "HUSHROOM_LOBBY_SECONDS", value_name = "SECONDS", default_value_t = Config::default().lobby_seconds)]
    pub lobby_seconds: Seconds,

    /// After how long without progress a file in an Arthas room is cancelled
    #[arg(long, env = "HUSHROOM_FILE_SECONDS", value_name = "SECONDS", default_value_t = Config::default().file_seconds)]
    pub file_seconds: Seconds,

    /// How long joining an Arthas room that has expired is answered with that reason
    #[arg(long, env = "HUSHROOM_EXPIRED_SECONDS", value_name = "SECONDS",
          default_value_t = Config::default().expired_seconds)]
    pub expired_seconds: Seconds,

    /// Time between two pings
    #[arg(long, env = "HUSHROOM_PING_SECONDS", value_name = "SECONDS", default_value_t = Config::default().ping_seconds)]
    pub ping_seconds: Seconds,

    /// After how long without a sign of life a connection is dropped
    #[arg(long, env = "HUSHROOM_IDLE_SECONDS", value_name = "SECONDS", default_value_t = Config::default().idle_seconds)]
    pub idle_seconds: Seconds,

    /// How long the place of a dropped connection is kept
    #[arg(long, env = "HUSHROOM_GRACE_SECONDS", value_name = "SECONDS", default_value_t = Config::default().grace_seconds)]
    pub grace_seconds: Seconds,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8787)),
            metrics_listen: None,
            directory: None,
            directory_max_users: 1_000_000,
            directory_requests_per_minute: 300,
            registrations_per_minute: 10,
            invitations_per_minute: 20,
            invitation_days: 14,
            allow_origin: vec!["*".to_owned()],
            arthas: true,
            max_public_rooms: 200,
            listings_per_minute: 30,
            allow_missing_origin: true,
            trust_proxy: false,
            max_connections: 10_000,
            max_connections_per_ip: 256,
            max_rooms: 10_000,
            max_buffered_bytes: 1 << 30,
            default_members: 50,
            joins_per_minute: 120,
            joins_burst: 60,
            posts_per_second: 20,
            posts_burst: 100,
            windows_per_second: 5_000,
            windows_burst: 10_000,
            bulk_bytes_per_second: 0,
            handshake_seconds: Seconds::new(10),
            lobby_seconds: Seconds::new(3600),
            file_seconds: Seconds::new(90),
            expired_seconds: Seconds::new(60),
            ping_seconds: Seconds::new(20),
            idle_seconds: Seconds::new(60),
            grace_seconds: Seconds::new(30),
        }
    }
}

/// Limits of which 0 would mean that nothing works, and numbers that no machine reaches.
fn count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=1 << 40)
}

/// A span of time that is written in seconds, fractions allowed, from a millisecond to a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(Duration);

impl Seconds {
    const MIN: Duration = Duration::from_millis(1);
    const MAX: Duration = Duration::from_secs(24 * 60 * 60);

    /// `seconds`, at least a millisecond and at most a day.
    #[must_use]
    pub fn new(seconds: u64) -> Self {
        Self::from(Duration::from_secs(seconds))
    }

    /// As a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Seconds {
    /// Brings `duration` within the bounds.
    fn from(duration: Duration) -> Self {
        Self(duration.clamp(Self::MIN, Self::MAX))
    }
}

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .filter(|duration| (Self::MIN..=Self::MAX).contains(duration))
            .map(Self)
            .ok_or_else(|| "expected seconds between 0.001 and 86400".to_owned())
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn without_flags_it_is_the_default() {
        assert_eq!(Command::parse_from(["relay"]).config, Config::default());
    }

    #[test]
    fn flags_are_read() {
        let config = Command::parse_from([
            "relay",
            "--listen=[::1]:0",
            "--allow-origin=https://a.example,https://b.example",
            "--allow-missing-origin=false",
            "--grace-seconds=0.25",
        ])
        .config;
        assert_eq!(config.listen.port(), 0);
        assert_eq!(config.allow_origin, ["https://a.example", "https://b.example"]);
        assert!(!config.allow_missing_origin);
        assert_eq!(config.grace_seconds.duration(), Duration::from_millis(250));
    }

    #[test]
    fn the_flags_of_arthas_rooms_are_read() {
        let config = Command::parse_from([
            "relay",
            "--allowed-origins=https://a.example,chrome-extension://abc,none",
            "--arthas=false",
            "--max-public-rooms=0",
            "--listings-per-minute=5",
            "--lobby-seconds=1.5",
            "--file-seconds=2",
            "--expired-seconds=3",
        ])
        .config;
        assert_eq!(
            config.allow_origin,
            ["https://a.example", "chrome-extension://abc", "none"]
        );
        assert!(!config.arthas);
        assert_eq!((config.max_public_rooms, config.listings_per_minute), (0, 5));
        assert_eq!(config.lobby_seconds.duration(), Duration::from_millis(1500));
        assert_eq!(
            (config.file_seconds, config.expired_seconds),
            (Seconds::new(2), Seconds::new(3))
        );
        let empty = Command::parse_from(["relay", "--allow-origin="]).config;
        assert!(empty.allow_origin.iter().all(String::is_empty));
    }

    #[test]
    fn senseless_values_are_refused() {
        for flag in [
            "--grace-seconds=0",
            "--grace-seconds=-1",
            "--grace-seconds=NaN",
            "--grace-seconds=1e9",
            "--max-rooms=0",
            "--default-members=51",
            "--listen=localhost",
        ] {
            assert!(Command::try_parse_from(["relay", flag]).is_err(), "{flag}");
        }
    }
}
