//! `raspc verify`: interpreter, circuit and transformer compared at every named node and position.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use raspc::compile::Compilation;
use raspc::json::{Verified, counted, thousands};
use raspc::observe::agree::{ROUGHLY, ROUGHLY_SAYS};
use raspc::verify::{Plan, Report, verify as check};

use crate::args::VerifyArgs;
use crate::console::Console;
use crate::engine;
use crate::fault::{Fault, Status};
use crate::inputs::Input;
use crate::{settings, show, subject};

/// Work that ends sooner shows no progress.
const PATIENCE: Duration = Duration::from_millis(500);

/// Verifies a program or a model.
pub(crate) fn verify(args: &VerifyArgs, console: &mut Console) -> Result<Status, Fault> {
    let mut subject = subject::resolve_alone(&args.program)?;
    if subject.model.is_some() {
        settings::refuse_for_model(&args.model)?;
    }
    let inputs: Vec<Input> = subject.example.iter().cloned().map(Input::example).collect();
    let settings = settings::resolve(&args.model, &mut subject, &inputs, console)?;
    let compilation = engine::stages(console, &subject, &settings)?;
    let plan = Plan { inputs: args.samples, seed: args.seed };
    let report = watched(&compilation, plan, console.watched);
    if args.json {
        console.json(&Verified::of(&compilation, &report))?;
    } else {
        console.text(tell(&compilation, &report, args.seed, console))?;
    }
    Ok(if report.mismatches == 0 { Status::Fine } else { Status::Disagreed })
}

/// Verifies, with a bar where somebody watches for long enough.
fn watched(compilation: &Compilation, plan: Plan, somebody: bool) -> Report {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} inputs, {eta} left");
    bar.set_style(style.expect("the template is well formed"));
    let start = Instant::now();
    let report = check(compilation, plan, &mut |done, total| {
        if somebody && bar.is_hidden() && start.elapsed() > PATIENCE {
            bar.set_length(total);
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_position(done);
    });
    bar.finish_and_clear();
    report
}

fn tell(compilation: &Compilation, report: &Report, seed: u64, console: &Console) -> String {
    let nodes = counted(compilation.readings.len(), "node");
    let checked = counted(usize::try_from(report.checked).unwrap_or(usize::MAX), "input");
    let which = if report.exhaustive {
        let all = if report.checked == 1 { "the one input".to_owned() } else { format!("all {checked}") };
        format!("{all} of {}", show::lengths(compilation.options.max_len))
    } else {
        format!("{checked} of {}, sampled with seed {seed}", show::lengths(compilation.options.max_len))
    };
    let mut text = match (&report.first, report.mismatches) {
        (None, _) => {
            let mark = if report.roughly == 0 { console.paint.good("✓") } else { ROUGHLY.to_owned() };
            format!("{mark} interpreter, circuit and transformer agree at {nodes}, at every position, on {which}\n")
        }
        (Some(m), n) => format!(
            "{} disagreement on {} of {which}\n  the first: on {} at position {}, {} level: `{}` is {}, should be {}\n",
            console.paint.bad("✗"),
            thousands(usize::try_from(n).unwrap_or(usize::MAX)),
            show::sequence(&m.input),
            m.position,
            m.level,
            compilation.graph.describe(m.node),
            show::value(&m.got),
            show::value(&m.expected)
        ),
    };
    if let Some(m) = &report.first_roughly {
        let inputs = counted(usize::try_from(report.roughly).unwrap_or(usize::MAX), "input");
        text += &format!("  on {inputs} a number is {ROUGHLY_SAYS}\n");
        text += &format!(
            "  the first: on {} at position {}: `{}` is {}, the interpreter says {}\n",
            show::sequence(&m.input),
            m.position,
            compilation.graph.describe(m.node),
            show::value(&m.got),
            show::value(&m.expected)
        );
    }
    if report.raised > 0 {
        let raised = counted(usize::try_from(report.raised).unwrap_or(usize::MAX), "input");
        text += &format!("  on {raised} the program has no defined output\n");
    }
    for assumption in &compilation.assumptions {
        text += &format!("  assumes: {}\n", assumption.text);
    }
    text
}
