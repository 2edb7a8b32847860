//! `raspc` on a pseudo-terminal, as a person meets it: what is typed goes in, what the screen gets comes out.

#![cfg(unix)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

mod support;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Longest wait for something to appear.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command on a terminal of its own.
struct Screen {
    child: Child,
    keyboard: File,
    output: Receiver<Vec<u8>>,
    /// What has appeared and has not been looked at.
    text: String,
}

impl Screen {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("a path");
        let end = || Stdio::from(File::options().read(true).write(true).open(&name).expect("the terminal's other end"));
        let child = Command::new(env!("CARGO_BIN_EXE_raspc"))
            .args(["--color", "never"])
            .args(arguments)
            .current_dir(folder)
            .env("TERM", "xterm")
            .env("RASPC_HISTORY", folder.join("history"))
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("raspc starts");
        let keyboard = File::from(master);
        let mut reader = keyboard.try_clone().expect("a second handle");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The terminal is gone when the session is.
            while let Ok(n) = reader.read(&mut bytes) {
                if n == 0 || sender.send(bytes[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, output, text: String::new() }
    }

    fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("typed");
    }

    /// Waits until the text appears; forgets it and what came before.
    fn expect(&mut self, wanted: &str) {
        assert!(self.appears(wanted, PATIENCE), "no {wanted:?} in {:?}", self.text);
    }

    /// Whether the text appears in time; if so, it is forgotten with what came before.
    fn appears(&mut self, wanted: &str, within: Duration) -> bool {
        let end = Instant::now() + within;
        loop {
            if let Some(at) = self.text.find(wanted) {
                self.text.drain(..at + wanted.len());
                return true;
            }
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.text += &String::from_utf8_lossy(&bytes),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the session has ended: no {wanted:?} in {:?}", self.text)
                }
            }
        }
    }

    /// What appears until the command has ended.
    fn rest(&mut self) -> String {
        support::ended(&mut self.child, "the command");
        // The terminal is at its end where the last of those who hold it has gone; what it held comes before.
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.text += &String::from_utf8_lossy(&bytes),
                Err(RecvTimeoutError::Disconnected) => return std::mem::take(&mut self.text),
                Err(RecvTimeoutError::Timeout) => panic!("the terminal does not end after {:?}", self.text),
            }
        }
    }

    /// Waits until the text appears, and then for the prompt.
    fn told(&mut self, wanted: &str) {
        self.expect(wanted);
        self.expect(">> ");
    }

    /// Types a line and waits for what it leads to.
    fn line(&mut self, line: &str, wanted: &str) {
        self.type_in(line);
        self.type_in("\r");
        self.told(wanted);
    }

    /// Interrupts what goes on, as Ctrl-C does.
    fn interrupt(&mut self) {
        let start = Instant::now();
        // A signal that comes before the work has begun interrupts nothing: then another one.
        loop {
            let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
            assert!(status.expect("kill").success());
            if self.appears("interrupted", Duration::from_secs(1)) {
                break;
            }
            assert!(start.elapsed() < PATIENCE, "nothing was interrupted: {:?}", self.text);
        }
        self.expect(">> ");
        // And one that comes after it interrupts what is next.
        while !self.answers("7;", "value: out =  7") {
            assert!(start.elapsed() < PATIENCE, "the session does not go on: {:?}", self.text);
        }
    }

    /// Whether a line leads to this, and not to an interruption.
    fn answers(&mut self, line: &str, wanted: &str) -> bool {
        self.type_in(line);
        self.type_in("\r");
        let start = Instant::now();
        loop {
            for (text, answered) in [(wanted, true), ("interrupted", false)] {
                if self.appears(text, Duration::from_millis(50)) {
                    self.expect(">> ");
                    return answered;
                }
            }
            assert!(start.elapsed() < PATIENCE, "no {wanted:?} in {:?}", self.text);
        }
    }

    /// Ends the session as Ctrl-D does. The prompt has to be there: before it the terminal still reads whole lines, and keeps of a
    /// Ctrl-D a NUL, which ends nothing.
    fn leave(mut self) {
        self.type_in("\x04");
        assert_eq!(support::ended(&mut self.child, "the session, after Ctrl-D,").code(), Some(0));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Already ended, unless a test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_session_on_a_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mine.rasp"), "double = indices * 2;\n").expect("written");
    let mut s = Screen::start(folder.path(), &["repl", "mine.rasp"]);
    s.expect("`:help` says more");
    s.told("s-op: double");
    s.line("hist = selector_width(select(tokens, tokens, ==));", "Example: hist(\"hello\") = [1, 1, 2, 2, 1] (ints)");
    s.line("a = 1; b = lenght;", "did you mean `length`?");

    // Several lines, and what is missing.
    s.type_in("def f(a) {\r");
    s.expect("waiting for `}` for the `{` in line 1");
    s.line("return a; }", "console function: f(a)");

    // Completion, and a line given up.
    s.type_in("x = doub\t");
    s.expect("double");
    s.type_in("\x03");
    s.told("Ctrl-D or `exit` ends the session");

    // The session's commands.
    s.line(":help", ":layers NAME");
    s.line(":run hist banana", "transformer  1 3 2 3 2 3");
    s.line(":layers hist", "the paper's       1   2");
    s.line(":type hist", "values    {1, 2, 3, 4, 5}");
    s.line(":compile hist --max-len 3", "parameters");
    s.line(":compile hist -o model", "written to model");
    assert!(folder.path().join("model/config.json").exists());
    s.line(":explain hist --emit schedule", "layer 0 attention");
    s.line(":rnu hist", "did you mean `:run`?");
    s.line(":run nothing a", "unknown name `nothing`");
    s.line(":type a + b", "an expression with blanks stands in brackets");
    s.line(":time 3;", "value: out =  3");

    // A long evaluation, stopped; the session goes on.
    s.type_in("for i in range(3000) { for j in range(3000) { k = i * j; } }\r");
    std::thread::sleep(Duration::from_millis(200));
    s.interrupt();
    // A long compilation stops, too, and leaves nothing behind that goes on.
    s.line("set example [1, 2]", "set example");
    s.line("m = aggregate(select(indices, indices, <=), tokens_int);", "Example: m");
    s.type_in(":compile (m * m) --vocab 0..50 --max-len 30\r");
    std::thread::sleep(Duration::from_secs(1));
    s.interrupt();
    s.line("hist(\"aa\");", "[2]*2 (ints)");
    s.leave();

    // What was typed is there in the next session.
    let mut s = Screen::start(folder.path(), &["repl"]);
    s.expect(">> ");
    s.type_in("\x1b[A");
    s.expect("hist(\"aa\");");
    s.type_in("\r");
    s.told("unknown name `hist`");
    s.leave();
}

#[test]
fn a_long_compilation_says_what_it_is_at() {
    let folder = tempfile::tempdir().expect("a folder");
    // Far longer than anybody waits: what is dropped ends it.
    let text = "m = aggregate(select(indices, indices, <=), tokens_int); m * m";
    let mut s =
        Screen::start(folder.path(), &["compile", "-e", text, "--vocab", "0..50", "--max-len", "30", "-o", "model"]);
    s.expect("compiling: the certificate, ");
    drop(s);
    // What is quick says nothing but what it has made. (Where others have the processor for long, a second try is.)
    let quick = ["compile", "-e", "indices", "--vocab", "a", "--max-len", "2", "-o", "model"];
    let quiet = (0..5).any(|_| {
        let told = Screen::start(folder.path(), &quick).rest();
        assert!(told.contains("written to model"), "{told:?}");
        !told.contains("compiling")
    });
    assert!(quiet);
}
