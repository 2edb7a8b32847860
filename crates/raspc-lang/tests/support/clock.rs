//! Work measured: what a busy machine does beside it is not its fault.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The work of this thread, from a moment on.
pub(crate) struct Work(Duration);

impl Work {
    /// From now on.
    pub(crate) fn begin() -> Self {
        Self(so_far())
    }

    /// How much it has been.
    pub(crate) fn took(&self) -> Duration {
        so_far().saturating_sub(self.0)
    }
}

/// How long this thread has worked; where the system does not tell, how long it has been there.
fn so_far() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|n| n.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}
