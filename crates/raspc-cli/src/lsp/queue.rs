//! What the client has sent and the server has not taken yet, and what of it makes work that is going on useless.
//!
//! **Invariants.** A message is counted before it can be taken and uncounted when it is. So work that stops for a change finds
//! the change in the queue, if need be by waiting for it; and a change that was taken stops nothing.

use std::io::{self, BufRead};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, TryRecvError};

use lsp_server::Message;
use raspc::interrupt::Interrupt;

use super::wire::{self, Incoming};

/// Messages in the order they came.
pub(super) struct Queue {
    messages: Receiver<io::Result<Incoming>>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// How many changes of documents wait to be taken.
    changes: AtomicUsize,
    /// Whether the client is about to leave, or has left.
    leaving: AtomicBool,
}

/// What there is to take.
pub(super) enum Next {
    Message(io::Result<Incoming>),
    /// Nothing as yet.
    Nothing,
    /// Nothing, and nothing will come.
    End,
}

impl Queue {
    /// Reads the stream on a thread of its own until it ends. The thread ends with the process: a read cannot be called off.
    pub(super) fn of(mut input: impl BufRead + Send + 'static) -> Self {
        let (send, messages) = mpsc::channel();
        let state = Arc::new(State::default());
        let own = state.clone();
        std::thread::spawn(move || {
            loop {
                let read = wire::read(&mut input).transpose();
                let last = !matches!(read, Some(Ok(_)));
                if last || read.as_ref().is_some_and(leaves) {
                    own.leaving.store(true, Ordering::SeqCst);
                }
                let Some(read) = read else { return };
                own.changes.fetch_add(usize::from(changes(&read)), Ordering::SeqCst);
                if send.send(read).is_err() || last {
                    return;
                }
            }
        });
        Self { messages, state }
    }

    /// The next message, if one is there.
    pub(super) fn take(&self) -> Next {
        match self.messages.try_recv() {
            Ok(message) => self.taken(message),
            Err(TryRecvError::Empty) => Next::Nothing,
            Err(TryRecvError::Disconnected) => Next::End,
        }
    }

    /// The next message, as soon as one is there.
    pub(super) fn wait(&self) -> Next {
        self.messages.recv().map_or(Next::End, |message| self.taken(message))
    }

    fn taken(&self, message: io::Result<Incoming>) -> Next {
        self.state.changes.fetch_sub(usize::from(changes(&message)), Ordering::SeqCst);
        Next::Message(message)
    }

    /// Stops what a change of a document makes useless.
    pub(super) fn on_change(&self) -> Interrupt {
        let state = self.state.clone();
        Interrupt::when(move || state.changes.load(Ordering::SeqCst) > 0)
    }

    /// Stops what nobody has asked for: as a change does, and when the client leaves.
    pub(super) fn on_change_or_leave(&self) -> Interrupt {
        let state = self.state.clone();
        Interrupt::when(move || state.changes.load(Ordering::SeqCst) > 0 || state.leaving.load(Ordering::SeqCst))
    }
}

/// Whether this is a change of a document.
fn changes(read: &io::Result<Incoming>) -> bool {
    let Ok(Incoming::Message(Message::Notification(n))) = read else { return false };
    ["textDocument/didOpen", "textDocument/didChange", "textDocument/didClose"].contains(&n.method.as_str())
}

fn leaves(read: &io::Result<Incoming>) -> bool {
    match read {
        Ok(Incoming::Message(Message::Request(r))) => r.method == "shutdown",
        Ok(Incoming::Message(Message::Notification(n))) => n.method == "exit",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};
    use std::panic::catch_unwind;
    use std::time::{Duration, Instant};

    use super::*;

    /// What takes longer hangs.
    const PATIENCE: Duration = Duration::from_secs(300);

    const CHANGE: &str = r#"{"jsonrpc":"2.0","method":"textDocument/didChange"}"#;

    fn stops(interrupt: &Interrupt) -> bool {
        catch_unwind(|| interrupt.check()).is_err()
    }

    /// A client that sends one change each time it is asked to, and tells that it waits to be asked.
    struct Asked {
        asks: Receiver<()>,
        waits: mpsc::Sender<()>,
        rest: Vec<u8>,
    }

    impl Read for Asked {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.rest.is_empty() {
                let _ = self.waits.send(());
                if self.asks.recv().is_err() {
                    return Ok(0);
                }
                self.rest = format!("Content-Length: {}\r\n\r\n{CHANGE}", CHANGE.len()).into_bytes();
            }
            let size = self.rest.len().min(buffer.len());
            buffer[..size].copy_from_slice(&self.rest[..size]);
            self.rest.drain(..size);
            Ok(size)
        }
    }

    /// However the two threads take turns. (A change that were counted after it can be taken would sometimes be left over;
    /// who stops for it would wait for ever.)
    #[test]
    fn a_change_that_was_taken_stops_nothing() {
        let (ask, asks) = mpsc::channel();
        let (waits, waiting) = mpsc::channel();
        let queue = Queue::of(BufReader::new(Asked { asks, waits, rest: Vec::new() }));
        let (change, leave) = (queue.on_change(), queue.on_change_or_leave());
        waiting.recv_timeout(PATIENCE).expect("the client starts");
        let start = Instant::now();
        for round in 0..20_000 {
            ask.send(()).expect("the client listens");
            while !matches!(queue.take(), Next::Message(Ok(_))) {
                std::hint::spin_loop();
                assert!(start.elapsed() < PATIENCE, "round {round}: no message");
            }
            assert!(!stops(&change) && !stops(&leave), "round {round}");
            // The thread that reads is done with that message when it reads on.
            waiting.recv_timeout(PATIENCE).expect("the client reads on");
            assert!(!stops(&change) && !stops(&leave), "round {round}");
        }
        drop(ask);
        assert!(matches!(queue.wait(), Next::End));
        assert!(!stops(&change) && stops(&leave));
    }

    #[test]
    fn what_stops_is_there_to_be_taken() {
        let framed = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let hover = r#"{"jsonrpc":"2.0","id":1,"method":"textDocument/hover"}"#;
        let exit = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let input = [hover, CHANGE, exit].map(framed).concat();
        let queue = Queue::of(io::Cursor::new(input));
        let (change, leave) = (queue.on_change(), queue.on_change_or_leave());
        let start = Instant::now();
        while !stops(&leave) || !stops(&change) {
            assert!(start.elapsed() < PATIENCE, "what came is not told");
            std::thread::yield_now();
        }
        assert!(matches!(queue.wait(), Next::Message(Ok(Incoming::Message(Message::Request(_))))));
        assert!(stops(&change));
        assert!(matches!(queue.wait(), Next::Message(Ok(_))));
        assert!(!stops(&change));
        assert!(matches!(queue.wait(), Next::Message(Ok(_))));
        assert!(matches!(queue.wait(), Next::End));
        assert!(stops(&leave));
    }
}
