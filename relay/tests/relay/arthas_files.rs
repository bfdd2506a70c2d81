//! Files in Arthas rooms: who gets them, whose they are, and what slow receivers cost.

use std::time::{Duration, Instant};

use hushroom::frame::{
    arthas::{ArthasFrame, RelayFileAck, RelayFileCancel, RelayFileComplete},
    MemberLeft, RelayId,
};

use crate::support::{
    arthas::{ack, cancel, chunk, complete, message, meta},
    relay, until, Client,
};

const CHUNK: usize = 65_536 + 16;

fn about(sender: &str, transfer: &str) -> RelayFileComplete {
    RelayFileComplete {
        sender_id: RelayId(sender.into()),
        transfer_id: transfer.into(),
    }
}

fn cancelled(sender: &str, transfer: &str) -> ArthasFrame {
    RelayFileCancel(about(sender, transfer)).into()
}

impl Client {
    /// Skips file data; the first frame that is none, and the indexes of the chunks.
    async fn past_chunks(&mut self) -> (ArthasFrame, Vec<i64>) {
        let mut indexes = Vec::new();
        loop {
            match self.hear().await {
                ArthasFrame::RelayFileMeta(_) => {}
                ArthasFrame::RelayFileChunk(chunk) => indexes.push(chunk.index),
                other => return (other, indexes),
            }
        }
    }
}

#[tokio::test]
async fn a_file_goes_to_the_others_and_is_acknowledged_to_its_sender() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, id_b) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    let (mut c, id_c) = Client::guest(relay.address(), &room, &mut [&mut a, &mut b]).await;
    b.say(meta("t1")).await;
    for index in 0..3 {
        b.say(chunk("t1", index, CHUNK)).await;
    }
    b.say(complete("t1")).await;
    for receiver in [&mut a, &mut c] {
        let ArthasFrame::RelayFileMeta(heard) = receiver.hear().await else {
            panic!()
        };
        assert_eq!(
            (heard.sender_id.0.as_str(), heard.sender_name.as_str()),
            (id_b.as_str(), "Guest")
        );
        assert_eq!(
            (heard.transfer_id.as_str(), heard.iv, heard.ciphertext),
            ("t1", meta("").iv, meta("").ciphertext)
        );
        assert!(heard.t > 1_600_000_000_000);
        for index in 0..3 {
            let ArthasFrame::RelayFileChunk(heard) = receiver.hear().await else {
                panic!()
            };
            assert_eq!((heard.sender_id.0.as_str(), heard.index), (id_b.as_str(), index));
            assert_eq!((heard.iv, heard.data), (chunk("", 0, 0).iv, chunk("", 0, CHUNK).data));
        }
        assert_eq!(receiver.hear().await, about(&id_b, "t1").into());
    }
    // The file before the last can be acknowledged as well; nobody acknowledges twice, or what was not for it.
    b.say(meta("t2")).await;
    b.say(complete("t2")).await;
    c.past_chunks().await;
    for id in ["t1", "t1", "unknown", "t2"] {
        c.say(ack(id)).await;
    }
    b.say(ack("t1")).await;
    for id in ["t1", "t2"] {
        let expected = RelayFileAck {
            receiver_id: RelayId(id_c.clone()),
            transfer_id: id.into(),
        };
        assert_eq!(b.hear().await, expected.into());
    }
    c.say(message("marker")).await;
    assert_eq!(b.hear_message().await.ciphertext, "marker");
    assert_eq!(relay.stats().arthas_files_total, 2);
    assert_eq!(relay.stats().arthas_file_bytes_total, 3 * u64::try_from(CHUNK).unwrap());
}

#[tokio::test]
async fn who_joins_later_gets_nothing_of_a_file_that_has_begun() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, _) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    a.say(meta("t")).await;
    b.hear().await;
    let (mut c, _) = Client::guest(relay.address(), &room, &mut [&mut a, &mut b]).await;
    a.say(chunk("t", 0, 10)).await;
    a.say(complete("t")).await;
    a.say(message("marker")).await;
    assert_eq!(c.hear_message().await.ciphertext, "marker");
    assert!(matches!(
        b.past_chunks().await.0,
        ArthasFrame::RelayMessage(_) | ArthasFrame::RelayFileComplete(_)
    ));
}

#[tokio::test]
async fn a_transfer_belongs_to_the_member_that_began_it() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, _) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    let (mut c, _) = Client::guest(relay.address(), &room, &mut [&mut a, &mut b]).await;
    a.say(meta("t")).await;
    b.hear().await;
    b.say(meta("t")).await;
    assert_eq!(b.hear_error().await.msg, "transfer id in use");
    for frame in [
        ArthasFrame::from(chunk("t", 0, 10)),
        complete("t").into(),
        cancel("t").into(),
    ] {
        b.say(frame).await;
        assert_eq!(b.hear_error().await.msg, "transfer id mismatch");
    }
    // Still so until all receivers have said that they have it.
    a.say(complete("t")).await;
    b.hear().await;
    b.say(meta("t")).await;
    assert_eq!(b.hear_error().await.msg, "transfer id in use");
    for receiver in [&mut b, &mut c] {
        receiver.say(ack("t")).await;
        assert!(matches!(a.hear().await, ArthasFrame::RelayFileAck(_)));
    }
    b.say(meta("t")).await;
    assert!(matches!(a.hear().await, ArthasFrame::RelayFileMeta(_)));
}

#[tokio::test]
async fn a_file_that_will_not_be_finished_is_cancelled() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, id_b) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    b.say(meta("t1")).await;
    b.say(cancel("t1")).await;
    b.say(meta("t2")).await;
    b.leave_room().await;
    // What was not sent yet may be left out, but never the cancelling.
    let heard = async |a: &mut Client| loop {
        match a.hear().await {
            ArthasFrame::RelayFileMeta(_) => {}
            other => break other,
        }
    };
    assert_eq!(heard(&mut a).await, cancelled(&id_b, "t1"));
    assert_eq!(heard(&mut a).await, cancelled(&id_b, "t2"));
    assert_eq!(heard(&mut a).await, MemberLeft { id: RelayId(id_b) }.into());
    // Leaving has freed the place for a file.
    let (mut b, id_b) = {
        let joined = b.join(crate::support::arthas::join_room(&room, "B")).await;
        (b, joined.members[1].id.0.clone())
    };
    a.hear().await;
    b.say(meta("t3")).await;
    assert!(matches!(a.hear().await, ArthasFrame::RelayFileMeta(_)));
    drop(b);
    assert_eq!(heard(&mut a).await, cancelled(&id_b, "t3"));
    assert_eq!(a.hear().await, MemberLeft { id: RelayId(id_b) }.into());
}

#[tokio::test]
async fn a_finished_file_arrives_though_its_sender_has_left() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, id_b) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    b.say(meta("t")).await;
    for index in 0..16 {
        b.say(chunk("t", index, CHUNK)).await;
    }
    b.say(complete("t")).await;
    b.leave_room().await;
    let (end, indexes) = a.past_chunks().await;
    assert_eq!(indexes, (0..16).collect::<Vec<_>>());
    assert_eq!(end, about(&id_b, "t").into());
    assert_eq!(a.hear().await, MemberLeft { id: RelayId(id_b) }.into());
}

#[tokio::test]
async fn only_a_file_without_progress_is_stale() {
    let relay = relay(|config| {
        config.ping_seconds = Duration::from_millis(100).into();
        config.file_seconds = Duration::from_millis(600).into();
    })
    .await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, id_b) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    b.say(meta("t")).await;
    let started = Instant::now();
    // Three times as long as a file may stand still, a chunk at every third ping.
    let mut pings = 0;
    while started.elapsed() < Duration::from_millis(1800) {
        assert!(matches!(b.hear().await, ArthasFrame::Ping(_)));
        pings += 1;
        if pings % 3 == 0 {
            b.say(chunk("t", pings, 10)).await;
        }
    }
    let error = loop {
        match b.hear().await {
            ArthasFrame::Ping(_) => {}
            ArthasFrame::ErrorFrame(error) => break error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        (error.code.as_str(), error.msg.as_str()),
        ("E005", "transfer timed out")
    );
    loop {
        match a.hear().await {
            ArthasFrame::Ping(_) | ArthasFrame::RelayFileMeta(_) | ArthasFrame::RelayFileChunk(_) => {}
            other => break assert_eq!(other, cancelled(&id_b, "t")),
        }
    }
    b.say(meta("t")).await;
    assert!(matches!(a.past_chunks().await.0, ArthasFrame::Ping(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_reaches_everybody_who_reads() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, _) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    let (c, _) = Client::guest(relay.address(), &room, &mut [&mut a, &mut b]).await;
    let read = |mut client: Client| {
        tokio::spawn(async move {
            for transfer in ["t0", "t1", "t2"] {
                let (end, indexes) = client.past_chunks().await;
                assert!(matches!(end, ArthasFrame::RelayFileComplete(complete) if complete.transfer_id == transfer));
                assert_eq!(indexes, (0..80).collect::<Vec<_>>());
            }
            client
        })
    };
    let readers = [read(b), read(c)];
    for transfer in ["t0", "t1", "t2"] {
        a.say(meta(transfer)).await;
        for index in 0..80 {
            a.say(chunk(transfer, index, if index == 79 { 17 } else { CHUNK }))
                .await;
        }
        a.say(complete(transfer)).await;
    }
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(relay.stats().arthas_files_cut_total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_gets_the_whole_file() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let mut b = Client::connect_narrow(relay.address()).await;
    b.join(crate::support::arthas::join_room(&room, "B")).await;
    a.hear().await;
    // 10 MiB a second, with a socket that buffers nothing: slower than the sender, so that the relay has to hold it up. The pause is the
    // load and no wait for anything: whatever it is, the file has to come whole.
    let reader = tokio::spawn(async move {
        let mut indexes = Vec::new();
        loop {
            match b.hear().await {
                ArthasFrame::RelayFileChunk(chunk) => indexes.push(chunk.index),
                ArthasFrame::RelayFileMeta(_) => {}
                ArthasFrame::RelayFileComplete(_) => return indexes,
                other => panic!("{other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(6)).await;
        }
    });
    a.say(meta("t")).await;
    for index in 0..80 {
        a.say(chunk("t", index, CHUNK)).await;
    }
    a.say(complete("t")).await;
    assert_eq!(reader.await.unwrap(), (0..80).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_reading_loses_the_file_and_holds_up_nobody() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, _) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    let mut stalled = Client::connect_narrow(relay.address()).await;
    stalled.join(crate::support::arthas::join_room(&room, "Stalled")).await;
    a.hear().await;
    b.hear().await;
    let reader = tokio::spawn(async move {
        let (mut chunks, mut files, mut messages) = (0, 0, 0);
        // The message may overtake the last file.
        while files < 4 || messages < 1 {
            let (end, indexes) = b.past_chunks().await;
            chunks += indexes.len();
            match end {
                ArthasFrame::RelayFileComplete(_) => files += 1,
                ArthasFrame::RelayMessage(_) => messages += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(chunks, 320);
    });
    let started = Instant::now();
    for transfer in ["t0", "t1", "t2", "t3"] {
        a.say(meta(transfer)).await;
        for index in 0..80 {
            a.say(chunk(transfer, index, CHUNK)).await;
        }
        a.say(complete(transfer)).await;
    }
    a.say(message("after")).await;
    reader.await.unwrap();
    let took = started.elapsed();
    println!("20 MiB past a receiver that has stopped reading: {took:?}");
    assert!(took < Duration::from_secs(8), "20 MiB took {took:?}");
    until(&relay, |stats| stats.buffered_bytes <= 2 * 1024 * 1024).await;
    assert!(relay.stats().arthas_files_cut_total >= 1);
    // Now it reads: it learns of each file either all or that it was cancelled, with a reason.
    let (mut complete, mut cut, mut reasons) = (0, 0, 0);
    loop {
        match stalled.past_chunks().await.0 {
            ArthasFrame::RelayFileComplete(_) => complete += 1,
            ArthasFrame::RelayFileCancel(_) => cut += 1,
            ArthasFrame::ErrorFrame(error) if error.code == "E023" => reasons += 1,
            ArthasFrame::RelayMessage(_) if complete + cut == 4 => break,
            ArthasFrame::RelayMessage(_) => {}
            other => panic!("{other:?}"),
        }
        if complete + cut == 4 {
            break;
        }
    }
    assert!(cut >= 1 && reasons >= cut - 1, "{complete} {cut} {reasons}");
    assert_eq!(relay.stats().arthas_files_cut_total, cut);
}
