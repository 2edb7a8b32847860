//! Stopping a compilation that nobody waits for any more.
//!
//! Where a compilation is asked to stop it unwinds, silently, with [`Interrupted`] as what is carried: it is no fault of the
//! program's (a diagnostic) and none of ours (a panic with a message). Who may set the flag catches it
//! (`std::panic::catch_unwind`); who never sets one never sees it.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a compilation asks now and then whether it is to go on.
#[derive(Clone, Default)]
pub struct Interrupt(Option<Arc<dyn Fn() -> bool + Send + Sync + UnwindSafe + RefUnwindSafe>>);

/// What an interrupted compilation unwinds with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

impl Interrupt {
    /// An interrupt by whoever sets this flag.
    pub fn by(flag: &Arc<AtomicBool>) -> Self {
        let flag = flag.clone();
        Self::when(move || flag.load(Ordering::Relaxed))
    }

    /// An interrupt by whatever makes this true; it is asked often, and in inner loops.
    pub fn when(stop: impl Fn() -> bool + Send + Sync + UnwindSafe + RefUnwindSafe + 'static) -> Self {
        Self(Some(Arc::new(stop)))
    }

    /// Goes on, or unwinds with [`Interrupted`] if it is to stop.
    pub fn check(&self) {
        if self.0.as_ref().is_some_and(|stop| stop()) {
            resume_unwind(Box::new(Interrupted));
        }
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Interrupt(some)" } else { "Interrupt(never)" })
    }
}
