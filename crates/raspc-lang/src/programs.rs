//! The standard programs: RASP texts that come with the crate. Each is a whole program with a vocabulary, a length and
//! an example; its functions can be loaded, and are known to texts on the command line.

/// A standard program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandardProgram {
    /// Its name.
    pub name: &'static str,
    /// What it computes, in one line.
    pub summary: &'static str,
    /// Its text.
    pub source: &'static str,
}

macro_rules! programs {
    ($($name:literal $summary:literal,)*) => {
        const PROGRAMS: &[StandardProgram] = &[$(StandardProgram {
            name: $name,
            summary: $summary,
            source: include_str!(concat!("programs/", $name, ".rasp")),
        },)*];
    };
}

programs! {
    "length" "how many tokens the input has",
    "reverse" "the input backwards",
    "hist" "how often each token occurs",
    "count" "how often \"a\" occurs",
    "shift_by" "the input moved one place to the right",
    "frac_prevs" "the share of \"x\" so far",
    "pair_balance" "the share of \"(\" minus that of \")\" so far",
    "shuffle_dyck1" "whether brackets of one kind balance",
    "shuffle_dyck2" "whether brackets of two kinds balance, each on its own",
    "shuffle_dyck3" "whether brackets of three kinds balance, each on its own",
    "detect_pattern" "whether \"abc\" ends here",
    "sort_unique" "the tokens in order, no two of them equal",
    "sort" "the tokens in order",
    "sort_freq" "the tokens by how often they occur",
    "most_freq" "each token once, the most frequent first",
    "double_hist" "how many different tokens occur as often",
}

/// All standard programs, simple ones first.
pub fn standard_programs() -> &'static [StandardProgram] {
    PROGRAMS
}

/// The standard program of this name.
pub fn standard_program(name: &str) -> Option<&'static StandardProgram> {
    PROGRAMS.iter().find(|p| p.name == name)
}

/// The standard program that defines this function.
pub(crate) fn defining(function: &str) -> Option<&'static str> {
    let opening = format!("\ndef {function}(");
    PROGRAMS.iter().find(|p| p.source.contains(&opening)).map(|p| p.name)
}
