//! Work measured: what a busy machine does beside it is not its fault.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How long this thread has worked; where the system does not tell, how long it has been there.
pub(crate) fn worked() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|n| n.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}
