//! `raspc list`: the standard programs, or the source of one.

use raspc_lang::programs::{StandardProgram, standard_programs};

use crate::args::ListArgs;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::subject::{self, similar};
use crate::{show, table};
use raspc::json::{self, Listed};

/// Lists all programs, or shows one.
pub(crate) fn list(args: &ListArgs, console: &mut Console) -> Result<Status, Fault> {
    match &args.name {
        None => all(args.json, console)?,
        Some(name) => one(find(name)?, args.json, console)?,
    }
    Ok(Status::Fine)
}

fn find(name: &str) -> Result<&'static StandardProgram, Fault> {
    let all = standard_programs();
    all.iter().find(|p| p.name == name).ok_or_else(|| {
        let hint = match similar(name, all.iter().map(|p| p.name)) {
            Some(close) => format!("did you mean `{close}`?"),
            None => "`raspc list` shows them all".to_owned(),
        };
        Fault::usage(format!("there is no standard program `{name}`"), hint)
    })
}

fn all(as_json: bool, console: &mut Console) -> Result<(), Fault> {
    let all = standard_programs();
    if as_json {
        return all.iter().try_for_each(|p| console.json(&listed(p)?));
    }
    let mut rows = Vec::new();
    for program in all {
        let example = subject::standard(program)?.example;
        rows.push((program.name, program.summary, example.as_deref().map_or(String::new(), show::sequence)));
    }
    let name = rows.iter().map(|r| table::columns(r.0)).max().unwrap_or(0);
    let example = rows.iter().map(|r| table::columns(&r.2)).max().unwrap_or(0);
    for row in &rows {
        let paint = console.paint;
        let (bold, dim) = (paint.bold(&table::left(row.0, name)), paint.dim(&table::left(&row.2, example)));
        console.line(format!("{bold}  {dim}  {}", row.1).trim_end())?;
    }
    Ok(())
}

fn one(program: &StandardProgram, as_json: bool, console: &mut Console) -> Result<(), Fault> {
    if as_json { console.json(&listed(program)?) } else { console.text(program.source) }
}

/// What `--json` prints for a program.
pub(crate) fn listed(program: &StandardProgram) -> Result<Listed, Fault> {
    let subject = subject::standard(program)?;
    Ok(Listed {
        name: program.name.to_owned(),
        summary: program.summary.to_owned(),
        example: subject.example.as_deref().map(json::values),
        vocab: subject.vocab.as_deref().map(json::values),
        max_len: subject.max_len,
        source: program.source.to_owned(),
    })
}
