//! `raspc test --sessions`: recorded sessions replayed, with the differences.

use std::path::Path;

use raspc_lang::console::Options;
use raspc_lang::console::replay::{recordings, replay};
use serde::Serialize;

use crate::args::TestArgs;
use crate::commands::repl;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::files::{self, Unreadable};
use raspc::json::counted;

/// What `--json` prints of a session.
#[derive(Serialize)]
struct Record<'a> {
    file: &'a str,
    session: usize,
    kind: &'a str,
    same: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<String>,
}

/// Replays the sessions of all files.
pub(super) fn replay_all(args: &TestArgs, console: &mut Console) -> Result<Status, Fault> {
    let library = args.rasplib.as_deref().map(repl::library).transpose()?;
    let (mut all, mut same) = (0, 0);
    for path in &args.files {
        let file = path.display().to_string();
        for (i, session) in read(path, &file)?.iter().enumerate() {
            let options = Options { library: library.clone(), ..repl::options() };
            let difference = session.difference(&replay(&session.stdin, options));
            all += 1;
            same += usize::from(difference.is_none());
            let kind = session.kind.as_str();
            if args.json {
                let record = Record { file: &file, session: i + 1, kind, same: difference.is_none(), difference };
                console.json(&record)?;
            } else if let Some(difference) = difference {
                let input: String = session.stdin.chars().take(100).collect();
                let mark = console.paint.bad("✗");
                console.line(format!("{mark} {file}, session {} ({kind}): {input:?}", i + 1))?;
                console.text(difference)?;
            }
        }
    }
    let fine = all > 0 && same == all;
    if !args.json {
        let told = match all - same {
            0 if all == 0 => "nothing was compared".to_owned(),
            0 => "all the same".to_owned(),
            n => format!("{n} differ"),
        };
        let mark = if fine { console.paint.good("✓") } else { console.paint.bad("✗") };
        console.line(format!("{mark} {} replayed: {told}", counted(all, "session")))?;
    }
    Ok(if fine { Status::Fine } else { Status::Disagreed })
}

fn read(path: &Path, name: &str) -> Result<Vec<raspc_lang::console::replay::Recording>, Fault> {
    let text = files::text(path).map_err(|e| match e {
        Unreadable::System(e) => Fault::System(format!("`{name}` could not be read: {e}")),
        Unreadable::NoText(why) => Fault::System(format!("`{name}` holds no recordings: {why}")),
    })?;
    recordings(&text).map_err(|(line, why)| {
        Fault::usage(
            format!("line {line} of `{name}` is no recording: {why}"),
            "each line is a JSON object with `kind`, `stdin` and `stdout`",
        )
    })
}
