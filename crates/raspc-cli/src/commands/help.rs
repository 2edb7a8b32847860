//! `raspc help`: what a diagnostic's code means, or how a command is used.

use clap::CommandFactory as _;

use raspc_lang::codes::CodeDoc;

use crate::args::{Cli, HelpArgs};
use crate::codes;
use crate::console::Console;
use crate::fault::{Fault, Status};
use crate::reference::Reference;
use crate::subject::similar;
use crate::table::columns;

/// Explains a code, all codes, a command, or everything.
pub(crate) fn help(args: &HelpArgs, console: &mut Console) -> Result<Status, Fault> {
    if args.json {
        console.json(&Reference::new()?)?;
        return Ok(Status::Fine);
    }
    let mut cli = Cli::command();
    cli.build();
    let Some(topic) = &args.topic else {
        console.text(cli.render_long_help().to_string())?;
        return Ok(Status::Fine);
    };
    if let Some(doc) = codes::find(topic) {
        console.text(explanation(doc, console.width.min(100)))?;
    } else if topic == "codes" {
        for doc in codes::all() {
            console.line(format!("{}  {}", doc.code, doc.title))?;
        }
    } else if let Some(command) = cli.find_subcommand_mut(topic) {
        console.text(command.render_long_help().to_string())?;
    } else {
        return Err(unknown(topic, &cli));
    }
    Ok(Status::Fine)
}

/// A code's page.
fn explanation(doc: &CodeDoc, width: usize) -> String {
    let indented = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!(
        "{}: {}\n\n{}\n{}\nWrong:\n\n{}\nRight:\n\n{}",
        doc.code,
        doc.title,
        wrapped(doc.why, width),
        wrapped(doc.fix, width),
        indented(doc.wrong),
        indented(doc.right)
    )
}

/// The words of a paragraph in lines of a width.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let w = columns(word);
        if used > 0 && used + 1 + w > width {
            lines.push('\n');
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines += word;
        used += w;
    }
    lines + "\n"
}

fn unknown(topic: &str, cli: &clap::Command) -> Fault {
    let commands = cli.get_subcommands().map(clap::Command::get_name);
    let hint = match similar(topic, commands) {
        Some(command) => format!("did you mean `{command}`?"),
        None => "`raspc help` lists the commands, `raspc help codes` the codes".to_owned(),
    };
    Fault::usage(format!("there is no code or command `{topic}`"), hint)
}
