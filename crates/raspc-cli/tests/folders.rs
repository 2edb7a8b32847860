//! Model folders that are damaged, truncated or hostile: an error with a code and exit status 1, never a panic or a hang;
//! and a reader that has gone away is no reason to panic either.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

mod support;

use raspc_model::matrix::SparseMatrix;
use raspc_model::model::Model;

fn raspc(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raspc"));
    command.args(words);
    command
}

fn output(words: &[&str]) -> Output {
    support::run(&mut raspc(words), "")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn compiled(folder: &Path) {
    let out = output(&["compile", "hist", "-o", text(folder)]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

const FILES: [&str; 4] = ["config.json", "model.safetensors", "graph.json", "circuit.json"];

fn assert_refused(folder: &Path, what: &str) {
    for command in ["run", "verify", "explain"] {
        let mut words = vec![command, text(folder)];
        if command == "run" {
            words.push("abc");
        }
        let out = output(&words);
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{command}, {what}: {said}");
        assert!(said.contains("[E0906] Error: the model in"), "{command}, {what}: {said}");
        assert!(said.contains("Help: "), "{command}, {what}: {said}");
        assert!(out.stdout.is_empty(), "{command}, {what}");
    }
}

#[test]
fn a_damaged_folder_is_refused() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("model");
    for file in FILES {
        compiled(&folder);
        let path = folder.join(file);
        let whole = fs::read(&path).expect("written");
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        let damages: [(&str, Vec<u8>); 5] = [
            ("truncated", whole[..whole.len() / 2].to_vec()),
            ("empty", Vec::new()),
            ("one bit", flipped),
            ("longer", [whole.as_slice(), b" x"].concat()),
            ("no text", vec![0xff; 64]),
        ];
        for (damage, bytes) in damages {
            fs::write(&path, bytes).expect("written");
            assert_refused(&folder, &format!("{file}: {damage}"));
        }
        fs::write(&path, &whole).expect("written");
        assert!(output(&["run", text(&folder), "abc"]).status.success(), "it is whole again");
    }
}

#[test]
fn an_incomplete_folder_is_refused() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("model");
    for file in FILES.into_iter().skip(1) {
        compiled(&folder);
        fs::remove_file(folder.join(file)).expect("removed");
        assert_refused(&folder, file);
        fs::create_dir(folder.join(file)).expect("made");
        assert_refused(&folder, file);
        fs::remove_dir_all(&folder).expect("removed");
    }
}

#[test]
fn a_claim_of_size_allocates_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("model");
    compiled(&folder);
    let path = folder.join("config.json");
    let config = fs::read_to_string(&path).expect("written");
    let mut config: serde_json::Value = serde_json::from_str(&config).expect("JSON");
    let sizes = ["n_layers", "n_heads", "d_model", "d_head", "d_mlp", "max_len"];
    let mut claimed = 0;
    claim(&mut config, &sizes, &mut claimed);
    assert_eq!(claimed, sizes.len(), "the sizes are found");
    fs::write(&path, config.to_string()).expect("written");
    assert_refused(&folder, "sizes");
}

fn claim(json: &mut serde_json::Value, names: &[&str], claimed: &mut usize) {
    if let Some(object) = json.as_object_mut() {
        for (name, value) in object {
            if names.contains(&name.as_str()) && value.is_number() {
                *value = 0x7fff_ffff_ffff_u64.into();
                *claimed += 1;
            } else {
                claim(value, names, claimed);
            }
        }
    }
}

#[test]
fn two_compilations_write_the_same_bytes() {
    let home = tempfile::tempdir().expect("a folder");
    let (a, b) = (home.path().join("a"), home.path().join("b"));
    for folder in [&a, &b] {
        let out = output(&["compile", "shuffle_dyck1", "-o", text(folder)]);
        assert!(out.status.success());
    }
    for file in FILES {
        assert_eq!(fs::read(a.join(file)).expect("there"), fs::read(b.join(file)).expect("there"), "{file}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    for words in [&["list"][..], &["explain", "sort_unique"], &["run", "hist", "abca", "--json", "--trace"]] {
        let mut command = raspc(words);
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the command starts");
        drop(child.stdout.take());
        let ended = support::finish(child, "", &format!("{words:?}"));
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!said.contains("panicked"), "{said}");
        assert_eq!(ended.status.code(), Some(0), "{said}");
    }
}

#[test]
fn colours_are_asked_for_or_left_out() {
    let coloured = output(&["run", "hist", "ab", "--color", "always"]);
    assert!(String::from_utf8_lossy(&coloured.stdout).contains("\x1b["));
    for words in [&["run", "hist", "ab"][..], &["run", "hist", "ab", "--color", "never"], &["run", "hist", "xy"]] {
        let plain = output(words);
        assert!(!plain.stdout.contains(&0x1b) && !plain.stderr.contains(&0x1b), "{words:?}");
    }
}

/// Halves the output of the first head, as nothing but a compiler's bug or a change of weights would.
fn weaken(folder: &Path) {
    let read = &mut |name: &str| fs::read(folder.join(name)).map_err(|e| e.to_string());
    let mut model = Model::from_files(read).expect("a whole model");
    let w_o = &mut model.layers[0].heads[0].w_o;
    let halved = w_o.entries().map(|(r, c, v)| (r, c, v / 2.0)).collect();
    *w_o = SparseMatrix::from_entries(w_o.rows(), w_o.cols(), halved);
    for (name, bytes) in model.to_files() {
        fs::write(folder.join(name), bytes).expect("written");
    }
}

#[test]
fn other_weights_are_found_to_disagree() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("model");
    for level in ["-O0", "-O1"] {
        let out = output(&["compile", "sort_unique", level, "-o", text(&folder)]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        assert_eq!(output(&["verify", text(&folder)]).status.code(), Some(0), "{level}: as compiled");
        weaken(&folder);
        let out = output(&["verify", text(&folder), "--json"]);
        assert_eq!(out.status.code(), Some(1), "{level}: {}", String::from_utf8_lossy(&out.stderr));
        let report: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
        assert!(report["mismatches"].as_u64() > Some(0), "{report}");
        assert_eq!((&report["first"]["level"], &report["first"]["node"]), (&"model".into(), &"target_pos".into()));
        let out = output(&["run", text(&folder), "[3,1,4,2]", "--trace"]);
        let (said, shown) = (String::from_utf8_lossy(&out.stderr), String::from_utf8_lossy(&out.stdout));
        assert_eq!(out.status.code(), Some(1), "{level}: {said}");
        assert!(said.contains("[E0904] Error: the transformer disagrees with the interpreter"), "{said}");
        assert!(shown.contains('✗'), "{shown}");
    }
}

#[test]
fn a_folder_is_explained_for_the_floats_it_was_made_for() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("model");
    let made = output(&["compile", "hist", "--dtype", "tf32", "--uncertified", "-o", text(&folder)]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let told = output(&["explain", text(&folder), "--emit", "certificate"]).stdout;
    assert!(String::from_utf8_lossy(&told).starts_with("not certified for tf32"), "{}", String::from_utf8_lossy(&told));
    // Of other weights both say what is proved of these.
    for (damaged, certified) in [(false, true), (true, false)] {
        compiled(&folder);
        if damaged {
            weaken(&folder);
        }
        let told = output(&["explain", text(&folder), "--emit", "certificate"]).stdout;
        let json = output(&["explain", text(&folder), "--json"]).stdout;
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        assert_eq!(String::from_utf8_lossy(&told).starts_with("certified for float32"), certified);
        assert_eq!(json["certificate"]["certified"], certified);
    }
}

#[test]
fn every_shell_has_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let out = output(&["completions", shell]);
        assert!(out.status.success());
        let script = String::from_utf8(out.stdout).expect("text");
        assert!(script.contains("verify") && script.contains("max-len"), "{shell}");
    }
}

/// What a folder holds is enough for each command, an input included.
#[test]
fn a_folder_runs_with_nothing_more() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("model");
    compiled(&folder);
    let out = output(&["run", text(&folder)]);
    let shown = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(shown.contains("transformer") && shown.contains('✓'), "{shown}");
    let out = output(&["draw", text(&folder), "--view", "attention", "-o", text(&home.path().join("a.svg"))]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// A number that is held so coarsely that the rows differ at sight gets no tick.
#[test]
fn what_agrees_only_within_a_wide_bound_is_not_ticked() {
    let program = "s = not select(indicator(tokens == 0), aggregate(select(indices, indices, >), tokens == 1, -37), <);
        v3 = aggregate(s, (tokens + 1) - (2.5 + (-1.5))) * indicator(not (tokens == 0));";
    let words = ["run", "-e", program, "--vocab", "[1000000, 1, 0]", "--max-len", "33", "--causal", "[0,1,1]"];
    let out = output(&words);
    let shown = String::from_utf8_lossy(&out.stdout);
    if out.status.success() {
        assert!(shown.contains('≈') && shown.contains("within the bound"), "{shown}");
    } else {
        assert!(String::from_utf8_lossy(&out.stderr).contains("E0828"));
    }
}

/// Ctrl-C while an export is written leaves no export and nothing half made, or the whole of it where it came too late.
#[cfg(unix)]
#[test]
fn an_interrupted_export_leaves_nothing_behind() {
    let home = tempfile::tempdir().expect("a folder");
    let names = || -> Vec<_> { fs::read_dir(home.path()).expect("a folder").map(|e| e.unwrap().file_name()).collect() };
    let place = home.path().join("model.safetensors");
    let words = ["export", "reverse", "--vocab", "0..300", "--max-len", "700", "--format", "safetensors", "-o"];
    let interrupted = (0..10).any(|_| {
        let mut child =
            raspc(&words).arg(&place).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
        while names().is_empty() && child.try_wait().expect("a child").is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        let code = support::ended(&mut child, "the export").code();
        if kill.is_ok_and(|k| k.success()) && code == Some(130) && !place.exists() {
            assert_eq!(names(), Vec::<std::ffi::OsString>::new());
            return true;
        }
        // Done before the signal came, or in the moment between its last step and its end.
        assert!(matches!(code, Some(0 | 130)), "{code:?}");
        assert_eq!(names(), ["model.safetensors"]);
        fs::remove_file(&place).expect("removed");
        false
    });
    assert!(interrupted, "every export was complete before Ctrl-C reached it");
}
