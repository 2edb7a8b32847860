//! Command lines, run and waited for with a limit: a test that waits for ever tells nobody why.

#![allow(dead_code, reason = "each test uses a part")]

use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What takes longer hangs, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Runs a command to its end, with this text to read (it need not).
pub(crate) fn run(command: &mut Command, input: &str) -> Output {
    let what = format!("{command:?}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(command.spawn().expect("the command starts"), input, &what)
}

/// Waits for the end of a program, and gives what it says from now on where that is piped.
pub(crate) fn finish(mut child: Child, input: &str, what: &str) -> Output {
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_owned();
        // On a thread of its own, since it may want to speak first; and it may end without having read.
        std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    }
    let (out, err) = (child.stdout.take().map(listen), child.stderr.take().map(listen));
    let heard = |from: Option<JoinHandle<Vec<u8>>>| from.map_or_else(Vec::new, |t| t.join().expect("it can be read"));
    match end(&mut child) {
        Some(status) => Output { status, stdout: heard(out), stderr: heard(err) },
        None => panic!(
            "{what} goes on after {PATIENCE:?}; it has said:\n{}\n{}",
            String::from_utf8_lossy(&heard(out)),
            String::from_utf8_lossy(&heard(err))
        ),
    }
}

/// Waits for the end of a program.
pub(crate) fn ended(child: &mut Child, what: &str) -> ExitStatus {
    end(child).unwrap_or_else(|| panic!("{what} goes on after {PATIENCE:?}"))
}

/// Its end; one that does not come is brought about, and is none.
fn end(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

fn listen(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).map(|_| bytes).expect("it can be read")
    })
}

/// The words of a command line, in single or double quotes where they hold blanks.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_with(String::new);
            }
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_with(String::new).push(c),
        }
    }
    words.extend(word);
    words
}
