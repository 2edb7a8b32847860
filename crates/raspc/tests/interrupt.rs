//! A compilation that is asked to stop stops soon, wherever it is, and says nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use raspc::compile::compile;
use raspc::interrupt::{Interrupt, Interrupted};
use raspc::options::Options;
use raspc_lang::graph::Mask;
use raspc_lang::program::evaluate_text;
use raspc_lang::value::Value;

#[test]
fn a_long_compilation_stops_when_it_is_asked_to() {
    // Many values, each with a proof of its own: far longer than anybody waits.
    let text = "m = aggregate(select(indices, indices, <=), tokens_int); m * m";
    let program = evaluate_text(text, Mask::Full, &mut |_| Err("no files".to_owned())).expect("a program");
    let stop = Arc::new(AtomicBool::new(false));
    let mut options = Options::new((0..50).map(Value::int).collect(), 30);
    options.interrupt = Interrupt::by(&stop);
    let setter = std::thread::spawn({
        let stop = stop.clone();
        move || {
            std::thread::sleep(Duration::from_millis(500));
            stop.store(true, Ordering::Relaxed);
        }
    });
    let start = Instant::now();
    let output = program.output.expect("an output");
    let compiled =
        catch_unwind(AssertUnwindSafe(|| compile(&program.graph, output, &options).map(|c| c.model.parameters())));
    setter.join().expect("it is set");
    match compiled {
        Err(why) => assert!(why.is::<Interrupted>()),
        Ok(done) => panic!("it was done after {:?}: {:?}", start.elapsed(), done.is_ok()),
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    // A flag that is set beforehand stops it at once; one that is not changes nothing.
    assert!(catch_unwind(AssertUnwindSafe(|| compile(&program.graph, output, &options).is_ok())).is_err());
    let quick = Options { interrupt: Interrupt::by(&Arc::default()), ..Options::new(vec![Value::int(1)], 2) };
    assert!(compile(&program.graph, output, &quick).is_ok());
}
