//! What a compilation is doing, on a terminal, once it takes long enough for somebody to wonder.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::spawn;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use raspc::compile::{Compilation, compile};
use raspc::options::Options;
use raspc::progress::Progress;
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{Graph, NodeId};

use crate::console::Console;

/// Work that ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Compiles; where somebody watches for long enough, a line on the terminal says which step is being done.
pub(crate) fn told(
    console: &Console,
    graph: &Graph,
    output: NodeId,
    options: Options,
) -> Result<Compilation, Vec<Diagnostic>> {
    if !console.watched {
        return compile(graph, output, &options);
    }
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    line.set_style(ProgressStyle::with_template("{spinner} compiling: {msg}, {elapsed}").expect("it is well formed"));
    let step = line.clone();
    let options = Options { progress: Progress::to(move |s| step.set_message(s.text())), ..options };
    // Whatever a step is at, the line appears in time; `done` is dropped when the work ends, however it does.
    let (done, waits) = channel::<()>();
    let shown = line.clone();
    let waiter = spawn(move || {
        if waits.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            shown.set_draw_target(ProgressDrawTarget::stderr());
            shown.enable_steady_tick(Duration::from_millis(120));
        }
    });
    let compiled = compile(graph, output, &options);
    drop(done);
    // It ends at once; before that the line must not be taken away.
    let _ = waiter.join();
    line.finish_and_clear();
    compiled
}
