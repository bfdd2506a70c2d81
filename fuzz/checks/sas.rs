//! Two devices that compare, and whoever carries their messages: if both say verified, each had the other's key and both saw
//! the same pictures; and whoever carries cannot bring one to say so alone while its user sees other pictures.

use hushroom::{
    identity::sas::{Comparison, Device, Progress},
    room::hush1::InstanceId,
};

use super::{change, Input};

const ROOM: &str = "fuzzfuzzfuzzfuzzfuzzf";
const MAX_STEPS: usize = 40;

struct Side {
    comparison: Option<Comparison>,
    /// What it has sent, and what of it was carried as it was.
    sent: Vec<Vec<u8>>,
    pictures: Option<[(&'static str, &'static str); 7]>,
    confirmed: bool,
    verified: bool,
}

/// Each byte of `data` is a step: somebody gets a message, changed or not, or its user answers.
pub(crate) fn check(data: &[u8]) {
    let devices = [device(0), device(1)];
    let (first, start) = Comparison::start(ROOM, devices[0], devices[1], [5; 16]);
    let mut sides = [side(Some(first)), side(None)];
    sides[0].sent.push(start);
    let mut input = Input::new(data);
    for _ in 0..MAX_STEPS {
        if input.is_empty() {
            break;
        }
        let step = input.byte();
        let who = usize::from(step & 1);
        let message = match step >> 1 & 3 {
            0 | 1 => pick(&sides[1 - who].sent, &mut input),
            2 => pick(&sides[usize::from(step >> 4 & 1)].sent, &mut input).map(|message| change(message, &mut input)),
            _ if step >> 3 & 3 == 3 => Some(input.take(49).to_vec()),
            _ => {
                answer(&mut sides[who], step);
                None
            }
        };
        if let Some(message) = message {
            receive(&mut sides[who], (devices[who], devices[1 - who]), &message);
        }
        judge(&sides);
    }
}

fn device(index: u8) -> Device {
    Device {
        instance: InstanceId([index; 16]),
        key: [index + 1; 32],
    }
}

const fn side(comparison: Option<Comparison>) -> Side {
    Side {
        comparison,
        sent: vec![],
        pictures: None,
        confirmed: false,
        verified: false,
    }
}

fn pick(sent: &[Vec<u8>], input: &mut Input<'_>) -> Option<Vec<u8>> {
    let at = sent.len().checked_sub(1 + usize::from(input.byte()) % 4)?;
    Some(sent[at].clone())
}

fn receive(side: &mut Side, (own, other): (Device, Device), message: &[u8]) {
    let Some(comparison) = &mut side.comparison else {
        if let Ok((comparison, accept)) = Comparison::accept(ROOM, own, other, message) {
            side.comparison = Some(comparison);
            side.sent.push(accept);
        }
        return;
    };
    let before = comparison.progress();
    match comparison.receive(message) {
        Ok((answer, progress)) => {
            assert_eq!(progress, comparison.progress());
            let over = |progress| matches!(progress, Progress::Ended(_) | Progress::Verified);
            assert!(
                !over(before) || (progress == before && answer.is_none()),
                "what is over stays as it is"
            );
            side.sent.extend(answer);
        }
        Err(_) => assert_eq!(comparison.progress(), before, "what is refused changes nothing"),
    }
    side.pictures = side.pictures.or(comparison.pictures());
    assert_eq!(comparison.pictures().is_some(), comparison.decimals().is_some());
    side.verified |= comparison.progress() == Progress::Verified;
}

fn answer(side: &mut Side, step: u8) {
    let Some(comparison) = &mut side.comparison else {
        return;
    };
    let before = comparison.progress();
    match step >> 5 {
        0 => side.sent.extend(comparison.cancel()),
        1 => match comparison.confirm(false) {
            Ok((message, progress)) => {
                assert!(matches!(progress, Progress::Ended(_)));
                side.sent.extend(message);
            }
            Err(_) => assert_eq!(comparison.progress(), before),
        },
        _ => match comparison.confirm(true) {
            Ok((message, _)) => {
                assert_eq!(before, Progress::Compare);
                side.confirmed = true;
                side.sent.extend(message);
            }
            Err(_) => assert_eq!(comparison.progress(), before),
        },
    }
    side.verified |= comparison.progress() == Progress::Verified;
}

fn judge(sides: &[Side; 2]) {
    for (own, other) in [(&sides[0], &sides[1]), (&sides[1], &sides[0])] {
        if own.verified {
            // Nobody between them holds their secret, so the code can only be the other's, made after its user said yes.
            assert!(own.confirmed && other.confirmed);
            assert!(own.pictures.is_some() && own.pictures == other.pictures);
        }
    }
}
