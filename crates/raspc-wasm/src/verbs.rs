//! The verbs: one function each, from a request to an answer.

use raspc::codes;
use raspc::draw::{self, DrawError, View};
use raspc::explain::{Stage, emit, explain as story};
use raspc::explore::{self, Subject as Shown};
use raspc::json::{Certified, Compiled, Explained, Listed, Sizes, Verified, values};
use raspc::observe::{Observation, Sop, Unobserved, observe, record};
use raspc::show;
use raspc::verify::{Plan, verify as check_model};
use raspc_lang::codes::CodeDoc;
use raspc_lang::diagnostic::{Code, Diagnostic};
use raspc_lang::graph::Op;
use raspc_lang::interpret::{Column, Trace, interpret};
use raspc_lang::programs::standard_programs;
use raspc_lang::value::Value;
use raspc_model::export::{ExportError, Files, Format, export as export_model};
use serde_json::{Value as Json, json};

use crate::compiled::{Asked, State};
use crate::faults::{self, Fault};
use crate::program::{Subject, resolve, settings};
use crate::request::{Request, What};
use crate::{Answer, files};

/// Answers a request.
pub(crate) fn perform(state: &mut State, request: &Request) -> Answer {
    let done = match request.verb.as_str() {
        "programs" => programs(),
        "check" => check(request),
        "compile" => state.compiled(request).map(|asked| compile(&asked)),
        "run" => state.compiled(request).and_then(|asked| run(&asked, request)),
        "verify" => state.compiled(request).map(|asked| verify(&asked, request)),
        "explain" => state.compiled(request).map(|asked| explain(&asked)),
        "draw" => draw(state, request),
        "explore" => state.compiled(request).and_then(|asked| explore(&asked)),
        "data" => state.compiled(request).and_then(|asked| data(&asked)),
        "eval" => eval(request),
        "folder" => state.compiled(request).map(|asked| folder(&asked)),
        "formats" => Ok(formats()),
        "export" => state.compiled(request).and_then(|asked| export(&asked, request)),
        "codes" => Ok(Answer::of(json!({ "ok": true, "codes": codes::all().map(code).collect::<Vec<_>>() }))),
        "help" => Ok(help(request)),
        other => Ok(Answer::of(json!({ "ok": false, "error": format!("there is no verb `{other}`") }))),
    };
    done.unwrap_or_else(|Fault { sources, diagnostics }| {
        Answer::of(json!({ "ok": false, "diagnostics": faults::diagnostics(&diagnostics, &sources) }))
    })
}

/// The standard programs, as `raspc list --json` has them.
fn programs() -> Result<Answer, Fault> {
    let mut all = Vec::new();
    for program in standard_programs() {
        let read = resolve(&What { name: Some(program.name.to_owned()), ..What::default() })?.program;
        let listed = Listed {
            name: program.name.to_owned(),
            summary: program.summary.to_owned(),
            example: read.example.as_deref().map(values),
            vocab: read.vocab.as_deref().map(values),
            max_len: read.max_len,
            source: program.source.to_owned(),
        };
        let mut listed = json(&listed);
        listed["example_shown"] = read.example.as_deref().map(show::sequence).into();
        listed["vocab_shown"] = read.vocab.as_deref().map(show::vocabulary).into();
        all.push(listed);
    }
    Ok(Answer::of(json!({ "ok": true, "programs": all })))
}

/// What is wrong with a program, without compiling it; what it defines, and what it would be compiled for.
fn check(request: &Request) -> Result<Answer, Fault> {
    let mut subject = resolve(&request.what)?;
    let inputs = subject.inputs(request)?;
    let settings = settings(&request.what, &mut subject, &inputs)?;
    let program = &subject.program;
    let kind = |id| format!("{:?}", program.graph.op(id).kind()).to_lowercase();
    let names: Vec<Json> = program.bindings.iter().map(|(n, id)| json!({ "name": n, "kind": kind(*id) })).collect();
    Ok(Answer::of(json!({
        "ok": true,
        "diagnostics": faults::diagnostics(&program.warnings, &program.sources),
        "names": names,
        "output": program.graph.describe(subject.selector.unwrap_or(subject.output)),
        "example": program.example.as_deref().map(values),
        "example_shown": program.example.as_deref().map(show::sequence),
        "settings": settings.told(),
    })))
}

/// An answer about a compiled program.
fn about(asked: &Asked<'_>, mut object: Json) -> Json {
    object["ok"] = true.into();
    object["fresh"] = asked.fresh.into();
    object["settings"] = asked.ready.settings.told();
    if object.get("diagnostics").is_none() {
        object["diagnostics"] = json!([]);
    }
    object
}

/// Sizes, certificate and warnings. (A browser's clock is not ours: the page fills in the seconds.)
fn compile(asked: &Asked<'_>) -> Answer {
    let c = &asked.ready.compilation;
    let certificate = c.certificate.as_ref().ok();
    let compiled = Compiled {
        model: Sizes::of(&c.model),
        seconds: 0.0,
        output: String::new(),
        assumptions: c.model.assumptions.clone(),
        certificate: certificate.map(Certified::of),
    };
    let mut warnings = asked.ready.subject.program.warnings.clone();
    warnings.extend(c.warnings.iter().cloned());
    Answer::of(about(
        asked,
        json!({
            "compiled": compiled,
            "sizes_shown": Sizes::of(&c.model).line(),
            "certificate_shown": certificate.map(raspc::certify::Certificate::line),
            "diagnostics": faults::diagnostics(&warnings, &asked.ready.subject.program.sources),
        }),
    ))
}

/// The input of a verb that takes one.
fn one(asked: &Asked<'_>) -> Result<Vec<Value>, Fault> {
    asked.inputs.first().cloned().ok_or_else(no_input)
}

fn no_input() -> Fault {
    let hint = "type an input, or write `set example \"abc\"` into the program";
    Fault::one(codes::TOKEN, "there is no input, and the program has no example", hint)
}

/// Transformer and interpreter on an input: the object of `raspc run --json`, and marks and texts by position.
fn run(asked: &Asked<'_>, request: &Request) -> Result<Answer, Fault> {
    let ready = asked.ready;
    let view = ready.subject.view();
    let input = one(asked)?;
    let seen = observe(&ready.machine, view, &input, request.trace).map_err(|why| match why {
        Unobserved::TooMuch(bytes) => {
            let message = format!("a trace of {} tokens would take {} MiB", input.len(), bytes >> 20);
            Fault::one(codes::TOO_LONG, message, "trace a shorter input")
        }
        Unobserved::Input(error) => unfit(asked, &error),
    })?;
    let output = seen.output.as_ref();
    let shown = |v: Option<&[Value]>| v.map(show::values);
    let diagnostics: Vec<Diagnostic> = fault_of(&seen, &ready.subject).into_iter().collect();
    Ok(Answer::of(about(
        asked,
        json!({
            "run": record::line(&seen, &ready.machine, view),
            "marks": output.and_then(|o| o.marks.clone()),
            "roughly": output.and_then(Sop::roughly),
            "shown": {
                "input": show::values(&input),
                "output": shown(output.and_then(|o| o.got.as_deref())),
                "expected": shown(output.and_then(|o| o.expected.as_deref().ok())),
            },
            "diagnostics": faults::diagnostics(&diagnostics, &asked.subject.program.sources),
        }),
    )))
}

fn unfit(asked: &Asked<'_>, error: &raspc_model::error::InputError) -> Fault {
    asked.subject.fault(faults::input(error, &show::vocabulary(&asked.ready.settings.options.vocab)))
}

/// What is wrong with the input or the transformer.
fn fault_of(seen: &Observation, subject: &Subject) -> Option<Diagnostic> {
    if let Some(error) = seen.raised() {
        let span = seen.raised_at().and_then(|id| subject.program.graph.node(id).span);
        let message = format!("on this input the program has no defined output: {error}");
        let hint = "what the transformer computes there means nothing: keep such inputs away, or change the program";
        return Some(Diagnostic::error(codes::RAISED, message).at(span).hint(hint));
    }
    let untrue = seen.disagreeing().map(|sop| sop.name.clone());
    (seen.agree() == Some(false) || untrue.is_some()).then(|| {
        let what = untrue.map_or_else(String::new, |name| format!(": `{name}`"));
        let message = format!("the transformer disagrees with the interpreter{what}");
        Diagnostic::error(codes::DISAGREES, message).hint("verify finds the first node that is wrong")
    })
}

/// Interpreter, circuit and transformer compared on many inputs.
fn verify(asked: &Asked<'_>, request: &Request) -> Answer {
    let c = &asked.ready.compilation;
    let report = check_model(c, Plan { inputs: request.samples.unwrap_or(5000), seed: request.seed }, &mut |_, _| {});
    Answer::of(about(asked, json!({ "verified": Verified::of(c, &report), "nodes": c.readings.len() })))
}

/// The six steps in words, and each stage as text.
fn explain(asked: &Asked<'_>) -> Answer {
    let c = &asked.ready.compilation;
    let stages = Explained {
        graph: emit(c, Stage::Graph),
        encoded: emit(c, Stage::Encoded),
        circuit: emit(c, Stage::Circuit),
        schedule: emit(c, Stage::Schedule),
        model: emit(c, Stage::Model),
        certificate: c.model.certificate.clone(),
    };
    Answer::of(about(asked, json!({ "story": story(c), "stages": stages, "certified": emit(c, Stage::Certificate) })))
}

/// A picture. `flow` and `graph` need no compilation, and are there for programs that cannot be compiled.
fn draw(state: &mut State, request: &Request) -> Result<Answer, Fault> {
    let Some(view) = View::named(&request.view) else {
        let names: Vec<&str> = View::ALL.iter().map(|v| v.name()).collect();
        return Err(Fault::one(codes::TEXT, format!("there is no view `{}`", request.view), names.join(", ")));
    };
    if view == View::Flow {
        let mut subject = resolve(&request.what)?;
        let inputs = subject.inputs(request)?;
        let input = inputs.first().ok_or_else(no_input)?;
        let picture = draw::flow(&subject.program.graph, subject.output, input);
        return Ok(Answer::of(json!({ "ok": true, "svg": picture.svg(), "diagnostics": [] })));
    }
    let asked = match state.compiled(request) {
        Ok(asked) => asked,
        Err(fault) if view == View::Graph => {
            let subject = resolve(&request.what)?;
            let diagnostics = faults::diagnostics(&fault.diagnostics, &fault.sources);
            let svg = draw::graph(&subject.program.graph, subject.output).svg();
            return Ok(Answer::of(json!({ "ok": true, "svg": svg, "diagnostics": diagnostics })));
        }
        Err(fault) => return Err(fault),
    };
    let input = if view.needs_input() { Some(one(&asked)?) } else { asked.inputs.first().cloned() };
    let picture = draw::draw(&asked.ready.compilation, view, input.as_deref()).map_err(|error| match error {
        DrawError::NoInput(_) => no_input(),
        DrawError::Input(error) => unfit(&asked, &error),
    })?;
    Ok(Answer::of(about(&asked, json!({ "svg": picture.svg() }))))
}

/// The explorer's page.
fn explore(asked: &Asked<'_>) -> Result<Answer, Fault> {
    Ok(Answer::of(about(asked, json!({ "html": explore::page(&shown(asked)?) }))))
}

/// What the explorer's page knows.
fn data(asked: &Asked<'_>) -> Result<Answer, Fault> {
    Ok(Answer::of(about(asked, json!({ "data": explore::data(&shown(asked)?) }))))
}

fn shown<'a>(asked: &'a Asked<'_>) -> Result<Shown<'a>, Fault> {
    let Asked { ready, inputs, .. } = asked;
    for input in inputs {
        let tokens: Vec<_> = input.iter().map(raspc::convert::token).collect();
        ready.compilation.model.ids(&tokens).map_err(|error| unfit(asked, &error))?;
    }
    let (compilation, sources) = (&ready.compilation, Some(&ready.subject.program.sources));
    Ok(Shown { name: &ready.subject.name, compilation, sources, inputs, served: false })
}

/// An s-op's values or a selector's matrix on an input, from the interpreter alone: nothing is compiled.
fn eval(request: &Request) -> Result<Answer, Fault> {
    let mut subject = resolve(&request.what)?;
    let inputs = subject.inputs(request)?;
    let input = inputs.first().ok_or_else(no_input)?;
    let graph = &subject.program.graph;
    let id = subject.selector.unwrap_or(subject.output);
    let trace = interpret(graph, input);
    let mut object = json!({
        "ok": true,
        "diagnostics": faults::diagnostics(&subject.program.warnings, &subject.program.sources),
        "name": graph.describe(id),
        "formula": graph.formula(id, 120),
        "input": { "values": values(input), "shown": show::values(input) },
    });
    match trace.column(id) {
        Column::Values(v) => object["sop"] = json!({ "values": values(v), "shown": show::values(v) }),
        Column::Pattern(p) => {
            let row = |q: usize| (0..p.len()).map(|k| p.get(q, k)).collect::<Vec<bool>>();
            let pattern: Vec<Vec<bool>> = (0..p.len()).map(row).collect();
            let (keys, queries) = match graph.op(id) {
                Op::Select { keys, queries, .. } => (column(&trace, *keys), column(&trace, *queries)),
                _ => (None, None),
            };
            object["selector"] = json!({ "pattern": pattern, "keys": keys, "queries": queries });
        }
        Column::Raised(error) => {
            let span = trace.origin(graph, id).and_then(|id| graph.node(id).span);
            let message = format!("on this input the program has no defined output: {error}");
            let hint = "give the operation a result everywhere, or keep such inputs away";
            return Err(subject.fault(Diagnostic::error(codes::RAISED, message).at(span).hint(hint)));
        }
    }
    Ok(Answer::of(object))
}

/// An s-op's values as they are shown.
fn column(trace: &Trace, id: raspc_lang::graph::NodeId) -> Option<Vec<String>> {
    trace.values(id).ok().map(show::values)
}

/// The model folder.
fn folder(asked: &Asked<'_>) -> Answer {
    files::answer(about(asked, json!({})), asked.ready.compilation.model.to_files())
}

/// The formats of `export`.
fn formats() -> Answer {
    let all = Format::ALL.map(|f| json!({ "name": f.name(), "summary": f.summary(), "single": f.is_single_file() }));
    Answer::of(json!({ "ok": true, "formats": all }))
}

/// The model in the format of another runtime.
fn export(asked: &Asked<'_>, request: &Request) -> Result<Answer, Fault> {
    let Some(format) = Format::from_name(&request.format) else {
        let names: Vec<&str> = Format::ALL.iter().map(|f| f.name()).collect();
        return Err(Fault::one(codes::TEXT, format!("there is no format `{}`", request.format), names.join(", ")));
    };
    let c = &asked.ready.compilation;
    let mut sink = Files::default();
    match export_model(&c.model, format, &c.graph.to_string(), &mut sink) {
        Ok(()) => Ok(files::answer(about(asked, json!({ "format": format.name() })), sink.files)),
        Err(ExportError::Refused(refusal)) => {
            Err(Fault::one(Code(refusal.code), format!("no {format}: {}", refusal.message), refusal.hint))
        }
        Err(ExportError::Sink(error)) => Err(Fault::one(Code(raspc_model::export::SIZE), error.to_string(), "")),
    }
}

fn code(doc: &CodeDoc) -> Json {
    let CodeDoc { code, title, why, fix, wrong, right } = doc;
    json!({ "code": code.0, "title": title, "why": why, "fix": fix, "wrong": wrong, "right": right })
}

/// What is said of a code.
fn help(request: &Request) -> Answer {
    Answer::of(match codes::find(&request.code) {
        Some(doc) => json!({ "ok": true, "code": code(doc) }),
        None => json!({ "ok": false, "error": format!("there is no code `{}`", request.code) }),
    })
}

fn json(value: &impl serde::Serialize) -> Json {
    serde_json::to_value(value).expect("values are JSON")
}
