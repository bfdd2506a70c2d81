//! What the relay counts about itself. Numbers only: nothing here tells who, where or which room.

use std::{
    fmt::Write,
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc,
    },
};

macro_rules! stats {
    ($($name:ident $kind:literal $help:literal,)+) => {
        /// The relay's counters as they were at one moment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Stats {
            $(#[doc = $help] pub $name: u64,)+
        }

        /// The counters themselves.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)+
        }

        impl Counters {
            pub(crate) fn snapshot(&self) -> Stats {
                Stats { $($name: self.$name.get(),)+ }
            }
        }

        impl Stats {
            /// As Prometheus reads it (text format 0.0.4).
            #[must_use]
            pub fn prometheus(&self) -> String {
                let mut text = String::with_capacity(4096);
                $(
                    let name = concat!("hushroom_", stringify!($name));
                    // Writing to a string cannot fail.
                    let _ = write!(text, "# HELP {name} {}\n# TYPE {name} {}\n{name} {}\n", $help, $kind, self.$name);
                )+
                text
            }
        }
    };
}

stats! {
    connections "gauge" "WebSocket connections open now.",
    connections_total "counter" "WebSocket connections opened.",
    rooms "gauge" "Rooms now, of both kinds.",
    arthas_rooms "gauge" "Arthas rooms now.",
    members "gauge" "Members of all rooms now, with those whose place is held.",
    buffered_bytes "gauge" "Bytes kept for resuming and waiting in bulk queues now.",
    posts_total "counter" "Posts taken.",
    posted_total "counter" "Posts sent out, one for each receiver.",
    bulk_frames_total "counter" "Bulk frames taken.",
    bulk_bytes_total "counter" "Bytes of bulk bodies taken.",
    bulk_dropped_total "counter" "Bulk frames that found a receiver's queue full, one for each receiver.",
    arthas_messages_total "counter" "Messages and reactions taken in Arthas rooms.",
    arthas_files_total "counter" "Files begun in Arthas rooms.",
    arthas_file_bytes_total "counter" "Bytes of file chunks taken in Arthas rooms.",
    arthas_files_cut_total "counter" "Files cancelled for a receiver that did not read them, one for each receiver.",
    wrong_passwords_total "counter" "Attempts to join with a wrong password.",
    resumed_total "counter" "Dropped connections that got their place back.",
    refused_total "counter" "Errors sent to clients.",
    directory_lookups_total "counter" "Lookups in the key directory.",
    directory_published_total "counter" "Bundles published in the key directory.",
    directory_invitations_total "counter" "Invitations left with the key directory.",
    directory_refused_total "counter" "Requests that the key directory refused.",
    too_slow_total "counter" "Connections closed because their first queue was full.",
}

/// One number, up and down.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: usize) {
        self.0
            .fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One of what a gauge counts, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted {
    counters: Arc<Counters>,
    gauge: fn(&Counters) -> &Counter,
}

impl Counted {
    pub(crate) fn new(counters: &Arc<Counters>, gauge: fn(&Counters) -> &Counter) -> Self {
        gauge(counters).add(1);
        Self {
            counters: Arc::clone(counters),
            gauge,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.gauge)(&self.counters).0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_goes_up_and_down() {
        let counters = Arc::new(Counters::default());
        let one = Counted::new(&counters, |counters| &counters.rooms);
        let two = Counted::new(&counters, |counters| &counters.rooms);
        assert_eq!(counters.snapshot().rooms, 2);
        drop(one);
        drop(two);
        assert_eq!(counters.snapshot(), Stats::default());
    }

    #[test]
    fn the_text_has_a_type_for_each_number() {
        let text = Stats::default().prometheus();
        assert!(text.contains("# TYPE hushroom_rooms gauge\nhushroom_rooms 0\n"));
        assert_eq!(text.matches("# TYPE").count(), text.matches("# HELP").count());
    }
}
