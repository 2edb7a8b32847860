//! The site: the playground, the walk and the reference as static files around the compiler as WebAssembly.
//!
//! Everything made lies under `target/site` (and the bundler's packages in `site/node_modules`). What is missing is said.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::explorer::{browser, cargo, node_tests, works};
use crate::reference;
use crate::wasm::{self, Missing};

/// Builds the site and perhaps shows it; false when that fails.
pub(crate) fn site(root: &Path, words: &[&str]) -> bool {
    let (output, serve) = match words {
        [] => (None, false),
        ["--serve"] => (None, true),
        ["-o", folder] => (Some(PathBuf::from(folder)), false),
        ["-o", folder, "--serve"] | ["--serve", "-o", folder] => (Some(PathBuf::from(folder)), true),
        _ => {
            eprintln!("usage: cargo xtask site [-o FOLDER] [--serve]");
            return false;
        }
    };
    match build(root, output) {
        Ok(folder) => {
            println!("the site is in {}", folder.display());
            !serve || show(root, &folder)
        }
        Err(Missing::Toolchain(why) | Missing::Failed(why)) => {
            eprintln!("{why}");
            false
        }
    }
}

/// The tests in a browser, and of the module in Node; false when one fails.
pub(crate) fn test(root: &Path) -> bool {
    println!("\n== site: the compiler as WebAssembly, and the pages in a browser");
    let home = root.join("target/site");
    let folder = match build(root, None) {
        Ok(folder) => folder,
        Err(Missing::Toolchain(why)) => {
            println!("skipped: {why}, so the site is not built and not tested");
            return true;
        }
        Err(Missing::Failed(why)) => {
            println!("{why}");
            return false;
        }
    };
    let hashes = home.join("hashes.json");
    let words = ["run", "--quiet", "--locked", "-p", "raspc", "--example", "model_hashes", "--"];
    if cargo(root, &words, &[&hashes]).is_none() {
        return false;
    }
    let mut files = vec!["tests/site/module.test.mjs"];
    let mut node = node_tests(root);
    node.env("RASPC_WASM", home.join("wasm/raspc.wasm"));
    node.env("RASPC_HASHES", hashes).env("RASPC_SITE", &folder).env("RASPC_REFERENCE", home.join("reference"));
    match browser(root, &root.join("target/explorer")) {
        Ok((chromium, modules)) => {
            node.env("CHROMIUM", chromium).env("RASPC_EXPLORE_MODULES", modules);
            files.push("tests/site/playground.test.mjs");
            files.extend(["tests/site/walk.test.mjs"].into_iter().filter(|f| root.join(f).is_file()));
        }
        Err(why) => println!("skipped: {why}, so the site's pages are not opened"),
    }
    node.args(files).status().is_ok_and(|s| s.success())
}

/// Takes the README's picture of the playground.
pub(crate) fn picture(root: &Path) -> bool {
    let taken = build(root, None).and_then(|folder| {
        let (chromium, modules) = browser(root, &root.join("target/explorer")).map_err(Missing::Toolchain)?;
        let mut node = Command::new("node");
        node.current_dir(root).args(["tests/site/picture.mjs", "docs/playground.png"]).env("RASPC_SITE", folder);
        node.env("CHROMIUM", chromium).env("RASPC_EXPLORE_MODULES", modules);
        let taken = node.status().is_ok_and(|s| s.success());
        if taken { Ok(()) } else { Err(Missing::Failed("the picture could not be taken".to_owned())) }
    });
    match taken {
        Ok(()) => true,
        Err(Missing::Toolchain(why) | Missing::Failed(why)) => {
            eprintln!("{why}");
            false
        }
    }
}

/// Builds everything: the module, the reference's data, the pages.
fn build(root: &Path, output: Option<PathBuf>) -> Result<PathBuf, Missing> {
    for (program, why) in [("node", "Node"), ("npm", "npm")] {
        if !works(program, "--version") {
            return Err(Missing::Toolchain(format!("{why} is not installed")));
        }
    }
    let start = Instant::now();
    let wasm = wasm::build(root)?;
    let data = root.join("target/site/reference");
    reference::write(root, &data).map_err(Missing::Failed)?;
    packages(root)?;
    let folder = output.unwrap_or_else(|| root.join("target/site/dist"));
    let folder = std::path::absolute(&folder).map_err(|e| Missing::Failed(format!("{}: {e}", folder.display())))?;
    let mut vite = bundler(root, &["build", "--logLevel", "warn"]);
    vite.env("RASPC_WASM", &wasm).env("RASPC_REFERENCE", &data).env("RASPC_SITE", &folder);
    if !vite.status().is_ok_and(|s| s.success()) {
        return Err(Missing::Failed("the site could not be bundled".to_owned()));
    }
    println!("the site was built in {:.0?}", start.elapsed());
    Ok(folder)
}

/// The bundler, with what it needs installed once for each state of the lock file.
fn packages(root: &Path) -> Result<(), Missing> {
    let site = root.join("site");
    let (lock, stamp) = (site.join("package-lock.json"), site.join("node_modules/.installed.json"));
    let wanted = std::fs::read(&lock).map_err(|e| Missing::Failed(format!("{}: {e}", lock.display())))?;
    if std::fs::read(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]).current_dir(&site);
    if !npm.status().is_ok_and(|s| s.success()) {
        return Err(Missing::Toolchain("the bundler could not be installed with npm".to_owned()));
    }
    std::fs::write(&stamp, wanted).map_err(|e| Missing::Failed(format!("{}: {e}", stamp.display())))
}

fn bundler(root: &Path, words: &[&str]) -> Command {
    let mut vite = Command::new("node");
    vite.arg("node_modules/vite/bin/vite.js").args(words).current_dir(root.join("site"));
    vite
}

/// Serves the folder on the loopback address until interrupted.
fn show(root: &Path, folder: &Path) -> bool {
    let mut vite = bundler(root, &["preview", "--host", "127.0.0.1"]);
    vite.env("RASPC_SITE", folder);
    vite.status().is_ok_and(|s| s.success())
}
