//! The functions between JavaScript and the compiler: four that JavaScript calls, and one that it gives. All numbers are addresses in the module's memory, or lengths in bytes.
//!
//! A call is: `raspc_request(length)` gives the place for a request, which the page writes there; `raspc_call()` answers
//! it and gives the place of two lengths (u32, little-endian; of the JSON and of the files' bytes), behind which the JSON
//! and the bytes lie until the next call. After a panic the instance is dead but for `raspc_panic()`: the place of a length
//! and of the panic's message behind it. While a call compiles it calls `raspc.step(place, length)`: the name of the step that begins.

#![expect(
    unsafe_code,
    reason = "names among a module's exports (`#[unsafe(no_mangle)]`) and imports (`unsafe extern`)"
)]

use std::cell::RefCell;

use raspc::progress::{Progress, Step};

use crate::State;

#[link(wasm_import_module = "raspc")]
unsafe extern "C" {
    /// A step begins, whose name lies there. Reads it and keeps nothing.
    #[link_name = "step"]
    safe fn step_begins(text: *const u8, length: usize);
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::telling(Progress::to(tell)));
    static REQUEST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static PANIC: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for a request of this length.
#[unsafe(no_mangle)]
extern "C" fn raspc_request(length: usize) -> *mut u8 {
    REQUEST.with_borrow_mut(|request| {
        request.clear();
        request.resize(length, 0);
        request.as_mut_ptr()
    })
}

/// Answers the request that was written.
#[unsafe(no_mangle)]
extern "C" fn raspc_call() -> *const u8 {
    std::panic::set_hook(Box::new(|info| keep(&info.to_string())));
    // What the last answer took is free for this one.
    ANSWER.take();
    let request = REQUEST.take();
    let answer = STATE.with_borrow_mut(|state| crate::call(state, &request));
    drop(request);
    let json = answer.json.to_string();
    let mut all = Vec::with_capacity(8 + json.len() + answer.bytes.len());
    all.extend_from_slice(&length(json.len()));
    all.extend_from_slice(&length(answer.bytes.len()));
    all.extend_from_slice(json.as_bytes());
    all.extend_from_slice(&answer.bytes);
    ANSWER.set(all);
    ANSWER.with_borrow(Vec::as_ptr)
}

/// The message of the panic that ended the instance; a length of 0 where there was none (memory or stack ran out).
#[unsafe(no_mangle)]
extern "C" fn raspc_panic() -> *const u8 {
    const NONE: &[u8; 4] = &[0; 4];
    PANIC.with_borrow(|panic| if panic.is_empty() { NONE.as_ptr() } else { panic.as_ptr() })
}

fn tell(step: Step) {
    let text = step.text();
    step_begins(text.as_ptr(), text.len());
}

fn keep(message: &str) {
    let mut all = length(message.len()).to_vec();
    all.extend_from_slice(message.as_bytes());
    PANIC.set(all);
}

/// A length as a page reads it; no object of a 32-bit memory is longer.
fn length(n: usize) -> [u8; 4] {
    u32::try_from(n).expect("an answer that fits into 32 bits").to_le_bytes()
}
