//! The site's reference, as data: what the command line says of itself, and the Python package's docstrings.
//!
//! Two files, `raspc.json` and `python.json`, which the site's bundler makes pages of (`site/src/reference`). No text is
//! written here: each comes from where it already stands.

use std::path::Path;
use std::process::Command;

/// Writes both files into a folder.
///
/// # Errors
/// What could not be run or written.
pub(crate) fn write(root: &Path, folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let words = ["run", "--quiet", "--locked", "-p", "raspc-cli", "--", "help", "--json"];
    let raspc = output(Command::new(cargo).current_dir(root).args(words))?;
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let words = ["site/src/reference/python_api.py", "python/raspc"];
    let python = output(Command::new(python).current_dir(root).args(words))?;
    for (name, bytes) in [("raspc.json", raspc), ("python.json", python)] {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

/// A command's standard output.
fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let done = command.output().map_err(|e| format!("{}: {e}", command.get_program().display()))?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(format!("{} failed:\n{}", command.get_program().display(), said.trim_end()))
}
