//! Colours: those of Okabe and Ito, which people with any colour vision tell apart, and tints of them. What a colour says
//! is said by a word or a mark too, so that pictures can be printed in black and white.

use super::diagram::{Look, STEPS, Tone};

/// Text and lines.
pub(super) const INK: &str = "#1a1a1a";
/// Text that stands back.
pub(super) const DIM: &str = "#5c5c5c";
/// Lines of tables.
pub(super) const LINE: &str = "#b8b8b8";
/// The ground.
pub(super) const PAPER: &str = "#ffffff";

const BLUE: [u8; 3] = [0x00, 0x72, 0xb2];
const VERMILLION: [u8; 3] = [0xd5, 0x5e, 0x00];

/// Border, fill of a box, and fill of a band.
pub(super) fn tone(tone: Tone) -> [&'static str; 3] {
    match tone {
        Tone::Input => ["#007d5a", "#e3f4ee", "#f4fbf8"],
        Tone::Attention => ["#0072b2", "#e2f0f9", "#f3f9fd"],
        Tone::Mlp => ["#b36b00", "#fdf0d9", "#fef9f0"],
        Tone::Plain => ["#6b6b6b", "#f4f4f4", "#fbfbfb"],
    }
}

/// The ground of a cell; nothing where there is none.
pub(super) fn ground(look: Look) -> Option<String> {
    match look {
        Look::Blank | Look::Row | Look::Column => None,
        Look::Result => Some("#fff7cc".to_owned()),
        Look::Value | Look::Selected(false) | Look::Share(0) | Look::Signed(0) => Some("#ffffff".to_owned()),
        Look::Hidden => Some("#d0d0d0".to_owned()),
        Look::Selected(true) => Some(mixed(BLUE, 1.0)),
        Look::Share(s) => Some(mixed(BLUE, f64::from(s) / STEPS)),
        Look::Signed(s) => {
            let colour = if s < 0 { BLUE } else { VERMILLION };
            Some(mixed(colour, f64::from(s.unsigned_abs()) / STEPS))
        }
    }
}

/// The colour of text on a cell.
pub(super) fn text(look: Look) -> &'static str {
    let strength = match look {
        Look::Selected(true) => STEPS as u8,
        Look::Share(s) => s,
        Look::Signed(s) => s.unsigned_abs(),
        Look::Row | Look::Column => return DIM,
        _ => 0,
    };
    if f64::from(strength) > 0.6 * STEPS { PAPER } else { INK }
}

/// A colour on white, at least a little of it.
fn mixed(colour: [u8; 3], share: f64) -> String {
    let share = 0.12 + 0.88 * share;
    let [r, g, b] = colour.map(|c| (255.0 - share * (255.0 - f64::from(c))).round() as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}
