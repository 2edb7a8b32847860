//! The compiler as WebAssembly: built by whichever toolchain is there, rustup's or Debian's.
//!
//! rustup's has the target `wasm32-unknown-unknown` where it was added. Debian's packages `rustc-web`, `rust-web-src` and
//! `lld` have a compiler and the sources of its standard library, which cargo builds along (`-Z build-std`, which a
//! compiler that is no nightly allows where `RUSTC_BOOTSTRAP` is set; nothing of ours uses unstable features).

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::explorer::works;

const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler, and its packages.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN: &[&str] = &["rustc-web", "rust-web-src", "lld"];

/// The most memory of an instance: a tab that wants more is told so. And its stack: programs nest deeper than the
/// default of 1 MiB is safe for.
const LINK: &str = "-Clink-arg=--max-memory=1073741824 -Clink-arg=-zstack-size=8388608";

/// What builds WebAssembly here.
enum Toolchain {
    Rustup,
    Debian,
}

/// Builds the module into `target/site/wasm/raspc.wasm` and gives that folder.
///
/// # Errors
/// That no toolchain is there, [`Missing::Toolchain`], or that the build failed.
pub(crate) fn build(root: &Path) -> Result<PathBuf, Missing> {
    let toolchain = toolchain()?;
    let built = root.join("target/site/build");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args([
        "rustc",
        "--locked",
        "-p",
        "raspc-wasm",
        "--lib",
        "--crate-type",
        "cdylib",
        "--profile",
        "wasm",
    ]);
    cargo.args(["--target", TARGET, "--target-dir"]).arg(&built).env("RUSTFLAGS", LINK);
    if matches!(toolchain, Toolchain::Debian) {
        cargo.args(["-Z", "build-std=std,panic_abort"]);
        cargo.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
    }
    if !cargo.status().is_ok_and(|s| s.success()) {
        return Err(Missing::Failed("the compiler could not be built as WebAssembly".to_owned()));
    }
    let folder = root.join("target/site/wasm");
    let module = built.join(TARGET).join("wasm/raspc_wasm.wasm");
    let copied = std::fs::create_dir_all(&folder).and_then(|()| std::fs::copy(&module, folder.join("raspc.wasm")));
    copied.map(|_| folder).map_err(|e| Missing::Failed(format!("{}: {e}", module.display())))
}

/// Why something is not there.
pub(crate) enum Missing {
    /// What would have to be installed is not, and could not be.
    Toolchain(String),
    /// Something that is there failed.
    Failed(String),
}

fn toolchain() -> Result<Toolchain, Missing> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = sysroot.map(|o| PathBuf::from(String::from_utf8_lossy(&o.stdout).trim()));
    if sysroot.is_ok_and(|s| s.join("lib/rustlib").join(TARGET).is_dir()) {
        return Ok(Toolchain::Rustup);
    }
    if !debian() && crate::explorer::may_install() {
        println!("the target {TARGET} is missing: installing Debian's packages {}", DEBIAN.join(", "));
        crate::explorer::install(DEBIAN);
    }
    if debian() {
        return Ok(Toolchain::Debian);
    }
    Err(Missing::Toolchain(format!(
        "no toolchain for WebAssembly is installed (`rustup target add {TARGET}`, or Debian's packages {})",
        DEBIAN.join(", ")
    )))
}

/// Whether Debian's compiler, its sources and the linker are there.
fn debian() -> bool {
    let sources = Command::new(DEBIAN_RUSTC).args(["--print", "sysroot"]).output().is_ok_and(|o| {
        let sysroot = PathBuf::from(String::from_utf8_lossy(&o.stdout).trim());
        sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file()
    });
    sources && works("wasm-ld", "--version")
}
