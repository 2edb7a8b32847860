//! The explorer's tests: its forward pass and interpreter with Node, its page in Chromium.
//!
//! Node, npm and Chromium are not part of a Rust toolchain: what is missing is said in a line that begins with `skipped`,
//! and the rest runs. Everything made here lies under `target/explorer`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The pages that the browser opens: a name, and the command line that writes it.
const PAGES: &[(&str, &[&str])] = &[
    ("sort_unique", &["sort_unique", "[3, 1, 4, 2]", "[9, 8, 7]", "--vocab", "0..10", "--max-len", "10"]),
    ("shuffle_dyck2", &["shuffle_dyck2", "({)}", "--max-len", "40"]),
    ("causal", &["hist", "abac", "--causal"]),
    ("large", &["hist", "[0, 7, 7]", "--vocab", "0..2500", "--max-len", "1500"]),
    ("no_layers", &["-e", "twice = 2 * indices;", "abc"]),
    ("hostile", &["tests/explorer/hostile.rasp", "[\"<img src=x onerror=pwned=1>\", \"\\\"'`${pwned=2}\"]"]),
];

/// Where Debian and others put Chromium.
const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Runs them; false when one fails.
pub(crate) fn test(root: &Path) -> bool {
    println!("\n== explorer: the page's forward pass, and the page in a browser");
    if !works("node", "--version") {
        println!("skipped: Node is not installed, so the explorer's page is not tested");
        return true;
    }
    let home = root.join("target/explorer");
    let cases = home.join("cases");
    if cargo(root, &["run", "--quiet", "--locked", "-p", "raspc", "--example", "explore_cases", "--"], &[&cases])
        .is_none()
    {
        return false;
    }
    let mut files = vec!["tests/explorer/forward.test.mjs", "tests/explorer/units.test.mjs"];
    let mut node = node_tests(root);
    node.env("RASPC_EXPLORE_CASES", &cases);
    match browser(root, &home) {
        Ok((chromium, modules)) => {
            let Some(raspc) = pages(root, &home) else { return false };
            node.env("CHROMIUM", chromium).env("RASPC_EXPLORE_MODULES", modules);
            node.env("RASPC_EXPLORE_PAGES", home.join("pages")).env("RASPC_BINARY", raspc);
            files.push("tests/explorer/page.test.mjs");
        }
        Err(why) => println!("skipped: {why}, so the explorer's page is not opened"),
    }
    node.args(files).status().is_ok_and(|s| s.success())
}

/// Node's test runner. What takes longer than twenty minutes hangs and is given up, where this Node can be told so.
pub(crate) fn node_tests(root: &Path) -> Command {
    let mut node = Command::new("node");
    node.current_dir(root).arg("--test");
    let help = Command::new("node").arg("--help").output();
    if help.is_ok_and(|h| String::from_utf8_lossy(&h.stdout).contains("--test-timeout")) {
        node.arg("--test-timeout=1200000");
    }
    node
}

/// Takes the picture of the README: the explorer's page for `sort_unique`, one s-op selected.
pub(crate) fn picture(root: &Path) -> bool {
    let home = root.join("target/explorer");
    let chromium = match chromium() {
        Ok(chromium) => chromium,
        Err(why) => {
            eprintln!("{why}");
            return false;
        }
    };
    let page = home.join("picture.html");
    if std::fs::create_dir_all(&home).is_err()
        || raspc(root, &["sort_unique", "[3, 1, 4, 2]", "-o"], &[&page]).is_none()
    {
        return false;
    }
    let picture = root.join("docs/explorer.png");
    let profile = home.join("profile");
    let taken = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"])
        .args(["--window-size=1280,1264", "--virtual-time-budget=4000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("file://{}#select=target_pos&theme=light", page.display()))
        .status();
    taken.is_ok_and(|s| s.success())
}

/// Chromium and the folder of playwright-core, or why they are not there.
pub(crate) fn browser(root: &Path, home: &Path) -> Result<(PathBuf, PathBuf), String> {
    let chromium = chromium()?;
    let tests = root.join("tests/explorer");
    std::fs::create_dir_all(home).map_err(|e| format!("{}: {e}", home.display()))?;
    let copy = |name: &str| std::fs::copy(tests.join(name), home.join(name)).map_err(|e| format!("{name}: {e}"));
    copy("package.json")?;
    copy("package-lock.json")?;
    let installed = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"])
        .current_dir(home)
        .status();
    match installed {
        Ok(status) if status.success() => Ok((chromium, home.join("node_modules"))),
        _ => Err("playwright-core could not be installed with npm".to_owned()),
    }
}

/// Chromium; installed from Debian's packages where that is ours to do.
fn chromium() -> Result<PathBuf, String> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let found = || named.clone().or_else(|| CHROMIUM.iter().find(|c| works(c, "--version")).map(PathBuf::from));
    if let Some(chromium) = found() {
        return absolute(&chromium).ok_or_else(|| format!("{} is no program", chromium.display()));
    }
    if may_install() {
        println!("Chromium is missing: installing Debian's package");
        install(&["chromium"]);
    }
    found().and_then(|c| absolute(&c)).ok_or_else(|| "Chromium is not installed".to_owned())
}

/// Whether Debian's packages are ours to install.
pub(crate) fn may_install() -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.trim_ascii() == b"0");
    root && works("apt-get", "--version")
}

/// Installs Debian's packages; whether that went well is seen by what is there afterwards.
pub(crate) fn install(packages: &[&str]) {
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    for words in [vec!["update", "--quiet"], install.iter().chain(packages).copied().collect()] {
        let _ = Command::new("apt-get").args(words).env("DEBIAN_FRONTEND", "noninteractive").output();
    }
}

/// Where a program lies.
fn absolute(program: &Path) -> Option<PathBuf> {
    if program.is_absolute() {
        return Some(program.to_owned());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|f| f.join(program)).find(|p| p.is_file())
}

pub(crate) fn works(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|o| o.status.success())
}

/// Writes the pages; gives the binary that wrote them.
fn pages(root: &Path, home: &Path) -> Option<PathBuf> {
    let folder = home.join("pages");
    std::fs::create_dir_all(&folder).ok()?;
    for (name, words) in PAGES {
        let words: Vec<&str> = words.iter().copied().chain(["-o"]).collect();
        raspc(root, &words, &[&folder.join(format!("{name}.html"))])?;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Some(root.join(target).join("debug").join(format!("raspc{}", std::env::consts::EXE_SUFFIX)))
}

/// `raspc explore` with these words.
fn raspc(root: &Path, words: &[&str], paths: &[&Path]) -> Option<()> {
    let all: Vec<&str> = ["run", "--quiet", "--locked", "-p", "raspc-cli", "--", "explore"]
        .into_iter()
        .chain(words.iter().copied())
        .collect();
    cargo(root, &all, paths)
}

pub(crate) fn cargo(root: &Path, words: &[&str], paths: &[&Path]) -> Option<()> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let status = command.current_dir(root).args(words).args(paths).status();
    status.is_ok_and(|s| s.success()).then_some(())
}
