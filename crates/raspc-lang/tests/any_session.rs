//! Any session: neither arbitrary bytes nor damaged programs make the console panic, hang or grow without bound, and the
//! next statement is answered as if nothing had happened. For scripts and for people.

use std::time::Duration;

use proptest::prelude::*;

use raspc_lang::console::{Console, Limits, Options, Reply, waiting};
use raspc_lang::render::render;

#[path = "support/clock.rs"]
mod clock;
#[path = "support/damaged.rs"]
mod damaged;
#[path = "support/texts.rs"]
mod texts;

use clock::Work;
use damaged::{PIECES, damaged};

/// Most work that a session of a few lines may be.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most memory of the whole process, in KiB: many sessions at once stay far below.
const MOST_MEMORY: u64 = 3 << 20;

fn loader(path: &str) -> Result<String, String> {
    if path.len().is_multiple_of(2) { Ok("z = tokens; y = ;\nz;".to_owned()) } else { Err("no such file".to_owned()) }
}

fn console() -> Console {
    let limits = Limits { steps: 1_000_000, cells: 20_000_000, bytes: 256 << 20 };
    Console::new(Options { loader: Box::new(loader), limits, ..Options::default() })
}

/// The most memory that the process has held, where the system says so.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0)
}

fn survives(text: &str) {
    let work = Work::begin();
    let mut script = console();
    for line in text.lines() {
        if script.line(line).ended {
            break;
        }
    }
    script.interrupt();
    let answer = script.line("7;").text;
    assert!(answer == "    value: out =  7\n>> " || answer.contains("Example"), "{answer}");
    let mut people = console();
    people.befriend();
    let _ = waiting(text);
    for reply in people.submit("typed", text) {
        if let Reply::Fault(d) = reply {
            assert!(d.hint.is_some(), "{d}");
            let _ = render(&d, people.sources());
        }
    }
    let replies = people.submit("typed", "7;");
    assert!(matches!(&replies[..], [Reply::Text(t)] if t == "    value: out =  7\n"), "{replies:?}");
    let took = work.took();
    assert!(took < PATIENCE, "{took:?} for {text:?}");
    assert!(peak() < MOST_MEMORY, "{} KiB after {text:?}", peak());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: texts::cases(150), ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn arbitrary_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        survives(&pieces.join(" "));
    }

    #[test]
    fn damaged_programs(text in damaged()) {
        survives(&text);
    }

    #[test]
    fn well_formed_programs(text in texts::program()) {
        survives(&text);
    }
}
