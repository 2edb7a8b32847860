//! `raspc repl` on a terminal: lines edited, completed and highlighted; a history that outlives the session.

use std::cell::RefCell;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use raspc_lang::console::Console as Session;
use rustyline::config::Configurer as _;
use rustyline::error::ReadlineError;
use rustyline::hint::HistoryHinter;
use rustyline::history::FileHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};

use super::editor::Language;
use super::session::{Next, Terminal};
use crate::console::Console;
use crate::fault::{Fault, Status};

/// Most entries of the history.
const MOST_ENTRIES: usize = 5000;

/// Whether somebody sits there and the terminal can move its cursor.
pub(super) fn is_one() -> bool {
    let able = std::env::var_os("TERM").is_none_or(|t| t != "dumb");
    able && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Reads and answers until somebody ends it.
pub(super) fn run(session: Session, file: Option<&str>, console: &mut Console) -> Result<Status, Fault> {
    let interrupt = Arc::new(AtomicBool::new(false));
    let flag = interrupt.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|e| Fault::System(format!("Ctrl-C cannot be caught: {e}")))?;
    let mut terminal = Terminal::new(session, interrupt);
    console.line(format!(
        "raspc {}: RASP on the example \"hello\"; `:help` says more, Ctrl-D ends",
        env!("CARGO_PKG_VERSION")
    ))?;
    if let Some(file) = file {
        terminal.load(file, console)?;
    }
    let mut editor = editor(console.paint.on)?;
    let names = Rc::new(RefCell::new(Vec::new()));
    let language = Language { names: names.clone(), colors: console.paint.on, history: HistoryHinter::new() };
    editor.set_helper(Some(language));
    let history = history();
    if let Some(path) = &history {
        // A first session has none.
        let _ = editor.load_history(path);
    }
    let prompt = (">> ", console.paint.bold(">> "));
    loop {
        console.flush()?;
        *names.borrow_mut() = terminal.session.names();
        match editor.readline(&prompt) {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => {
                let _ = editor.add_history_entry(text.as_str());
                if let Some(path) = &history {
                    // A history that cannot be written is no reason to stop.
                    let _ = editor.append_history(path);
                }
                if terminal.enter(&text, console)? == Next::End {
                    return Ok(Status::Fine);
                }
            }
            Err(ReadlineError::Interrupted) => console.line(console.paint.dim("Ctrl-D or `exit` ends the session"))?,
            Err(ReadlineError::Eof) => return Ok(Status::Fine),
            Err(error) => return Err(Fault::System(format!("the terminal cannot be read: {error}"))),
        }
    }
}

fn editor(colors: bool) -> Result<Editor<Language, FileHistory>, Fault> {
    let failed = |e: ReadlineError| Fault::System(format!("the terminal cannot be used: {e}"));
    let config = Config::builder()
        .max_history_size(MOST_ENTRIES)
        .and_then(|c| c.history_ignore_dups(true))
        .map_err(failed)?
        .completion_type(CompletionType::List)
        .color_mode(if colors { ColorMode::Enabled } else { ColorMode::Disabled })
        .build();
    let mut editor = Editor::with_config(config).map_err(failed)?;
    editor.set_auto_add_history(false);
    Ok(editor)
}

/// Where what was typed is kept: `$RASPC_HISTORY`, or a file among the user's state. Empty: nowhere.
fn history() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("RASPC_HISTORY") {
        return Some(PathBuf::from(path)).filter(|p| !p.as_os_str().is_empty());
    }
    let folder = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let state = if cfg!(windows) {
        folder("LOCALAPPDATA")?
    } else {
        folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")))?
    };
    let ours = state.join("raspc");
    std::fs::create_dir_all(&ours).ok()?;
    Some(ours.join("history"))
}
