//! The Python tests: a virtual environment of the repository's own, the package built and installed, pytest once over everything.
//!
//! The environment lies in `target/python/venv`. It is made anew where the pinned requirements or the interpreter change, and else
//! used as it is, without a network. The interpreter is `python3`, or what the variable `PYTHON` names.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = "tests/python/requirements.txt";

/// An older TransformerLens, in a folder of the environment that only its own tests look into.
const OLDER: &str = "tests/python/requirements-transformer-lens-3.txt";
const OLDER_FOLDER: &str = "transformer-lens-3";

/// A command of the step, which says what failed.
struct Runner<'a> {
    root: &'a Path,
}

/// Builds and installs the package, and runs its tests and the notebooks.
pub(crate) fn test(root: &Path) -> bool {
    println!("\n== Python: the package, built, installed and tested");
    match run(root) {
        Ok(()) => true,
        Err(why) => {
            eprintln!("{why}");
            false
        }
    }
}

fn run(root: &Path) -> Result<(), String> {
    let runner = Runner { root };
    let folder = root.join("target/python");
    let python = environment(&runner, &folder)?;
    let wheels = folder.join("wheels");
    let _ = fs::remove_dir_all(&wheels);
    // The profile of the build step: most of it is compiled already, and debug assertions stay on.
    let maturin = ["-m", "maturin", "build", "--quiet", "--locked", "--profile", "dev", "--out"].map(OsStr::new);
    runner.run(&python, maturin.into_iter().chain([wheels.as_os_str()]))?;
    let wheel = only_file(&wheels)?;
    let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", "--no-index"].map(OsStr::new);
    runner.run(&python, pip.into_iter().chain([wheel.as_os_str()]))?;
    runner.run(&python, ["-m", "pytest", "--nbmake", "tests/python", "examples"].map(OsStr::new))
}

/// The environment's interpreter; makes the environment where it is not there or not as the requirements say.
fn environment(runner: &Runner<'_>, folder: &Path) -> Result<PathBuf, String> {
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let version = runner.output(Path::new(&python), &["--version"])?;
    let read = |file: &str| fs::read_to_string(runner.root.join(file)).map_err(|e| format!("{file}: {e}"));
    let pinned = read(REQUIREMENTS)? + &read(OLDER)?;
    let (stamp, wanted) = (folder.join("stamp"), format!("{version}{pinned}"));
    let venv = folder.join("venv");
    let inside = if cfg!(windows) { venv.join("Scripts/python.exe") } else { venv.join("bin/python") };
    if inside.exists() && fs::read_to_string(&stamp).is_ok_and(|s| s == wanted) {
        return Ok(inside);
    }
    println!("a new environment in {}", venv.strip_prefix(runner.root).unwrap_or(&venv).display());
    let _ = fs::remove_file(&stamp);
    runner.run(Path::new(&python), ["-m", "venv", "--clear"].map(OsStr::new).into_iter().chain([venv.as_os_str()]))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", REQUIREMENTS];
    runner.run(&inside, pip.map(OsStr::new))?;
    let older = venv.join(OLDER_FOLDER);
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", OLDER, "--target"];
    runner.run(&inside, pip.map(OsStr::new).into_iter().chain([older.as_os_str()]))?;
    runner.run(&inside, ["tests/python/torch_on_cpu.py"].map(OsStr::new))?;
    fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))?;
    Ok(inside)
}

fn only_file(folder: &Path) -> Result<PathBuf, String> {
    let mut files = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    match (files.next(), files.next()) {
        (Some(Ok(file)), None) => Ok(file.path()),
        _ => Err(format!("{} does not hold one wheel", folder.display())),
    }
}

impl Runner<'_> {
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.root).env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command
    }

    fn run<'a>(&self, program: &Path, words: impl IntoIterator<Item = &'a OsStr>) -> Result<(), String> {
        let mut command = self.command(program);
        command.args(words);
        let words: Vec<_> = command.get_args().map(|w| w.to_string_lossy().into_owned()).collect();
        println!("   python {}", words.join(" "));
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("python {}: {status}", words.join(" "))),
            Err(e) => Err(format!("{} could not be started: {e}", program.display())),
        }
    }

    fn output(&self, program: &Path, words: &[&str]) -> Result<String, String> {
        let out = self.command(program).args(words).output();
        let out = out.map_err(|e| {
            format!(
                "{} could not be started ({e}): Python 3.11 or later runs the tests of the package",
                program.display()
            )
        })?;
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }
}
