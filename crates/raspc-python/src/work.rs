//! Work without the GIL, on a stack of its own, with Python functions called back on the thread that asked.
//!
//! The worker's stack is large because programs may nest as deep as the language's limits allow. The calling thread waits
//! without the GIL, serves the calls of Python functions that the worker asks for, and looks for Ctrl-C now and then. When it comes,
//! the caller goes on at once; the worker ends where it next asks for a Python function or looks whether anybody waits, and what it
//! has computed is dropped.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use raspc_lang::error::EvalError;
use raspc_lang::value::Value;

use crate::errors;

const STACK: usize = 256 << 20;

/// How often Ctrl-C is looked for.
pub(crate) const PATIENCE: Duration = Duration::from_millis(40);

/// What a Python function gave.
pub(crate) type Answer = Result<Value, Stop>;

/// Why a Python function gave nothing.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It raised an ordinary exception, told as an evaluation error.
    Raised(EvalError),
    /// The work ends: Ctrl-C, or an exception that is none of the function's business.
    Interrupted(PyErr),
}

type Job = Box<dyn for<'py> FnOnce(Python<'py>) -> Answer + Send>;

enum Message<T> {
    Call(Job, SyncSender<Result<Value, EvalError>>),
    Done(Result<T, Box<dyn Any + Send>>),
}

/// Asks the calling thread to run a job; nothing comes back from work that was interrupted.
type Ask = Box<dyn Fn(Job) -> Option<Result<Value, EvalError>>>;

thread_local! {
    static ASK: RefCell<Option<Ask>> = const { RefCell::new(None) };
    static GONE: RefCell<Arc<AtomicBool>> = RefCell::default();
}

/// Ends the work under way if nobody waits for it any more. (Unwinds past everything, without a message.)
pub(crate) fn end_if_interrupted() {
    if GONE.with(|gone| gone.borrow().load(Ordering::Relaxed)) {
        resume_unwind(Box::new("interrupted"));
    }
}

/// Tells the worker that nobody waits for it any more.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Calls a Python function from within heavy work. Nothing comes back when that was interrupted.
pub(crate) fn call(job: Job) -> Option<Result<Value, EvalError>> {
    ASK.with(|ask| ask.borrow().as_ref().expect("Python functions are called from heavy work only")(job))
}

/// Does the work on a thread with a large stack while this one waits without the GIL.
pub(crate) fn heavy<T, F>(py: Python<'_>, work: F) -> PyResult<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let (send, receive) = channel::<Message<T>>();
    let waiting = Waiting(Arc::default());
    let gone = waiting.0.clone();
    let body = move || {
        let asks: Sender<Message<T>> = send.clone();
        let ask = move |job: Job| {
            let (answer, wait) = sync_channel(1);
            asks.send(Message::Call(job, answer)).ok()?;
            wait.recv().ok()
        };
        GONE.with(|cell| *cell.borrow_mut() = gone);
        ASK.with(|cell| *cell.borrow_mut() = Some(Box::new(ask)));
        let result = catch_unwind(AssertUnwindSafe(work));
        // The caller may be gone: then nobody wants the result.
        let _ = send.send(Message::Done(result));
    };
    let thread = std::thread::Builder::new().name("raspc".to_owned()).stack_size(STACK).spawn(body);
    let thread = thread.map_err(|e| PyMemoryError::new_err(format!("no thread to work on: {e}")))?;
    let receive = Mutex::new(receive);
    loop {
        let message = py.detach(|| receive.lock().expect("this thread alone uses it").recv_timeout(PATIENCE));
        match message {
            Ok(Message::Done(result)) => {
                let _ = py.detach(|| thread.join());
                return result.map_err(|panic| errors::bug(py, &message_of(&*panic)));
            }
            Ok(Message::Call(job, answer)) => {
                let told = match job(py) {
                    Ok(v) => Ok(v),
                    Err(Stop::Raised(e)) => Err(e),
                    Err(Stop::Interrupted(error)) => return Err(error),
                };
                let _ = answer.send(told);
            }
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => return Err(errors::bug(py, "the worker ended without a word")),
        }
    }
}

/// Does short work that calls no Python function on this thread, without the GIL.
pub(crate) fn light<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let result = py.detach(|| catch_unwind(AssertUnwindSafe(work)));
    result.map_err(|panic| errors::bug(py, &message_of(&*panic)))
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}
