//! How states and sentences look: one tone for colour, shape and CSS class.

use std::fmt;

use askama::filters::HtmlSafe;

/// What a state, a figure or a sentence asks of its reader. Shown as word, shape and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing to do, nothing moving.
    #[default]
    Idle,
    /// In motion.
    Busy,
    /// Finished well.
    Done,
    /// Worth a look.
    Look,
    /// Act now.
    Act,
}

impl Tone {
    /// The path of its shape in a 16 by 16 drawing: ring, half disc, tick, triangle, square.
    pub fn shape(self) -> &'static str {
        match self {
            Tone::Idle => {
                "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z"
            }
            Tone::Busy => "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2.2v9.6a4.8 4.8 0 0 1 0-9.6z",
            Tone::Done => "M6 13.6.8 8.4l2.1-2.1L6 9.4l7.1-7.1 2.1 2.1z",
            Tone::Look => "M8 1.2 15.6 14.8H.4z",
            Tone::Act => "M1.5 1.5h13v13h-13z",
        }
    }
}

/// The class that carries the tone in the style sheet.
impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tone::Idle => "idle",
            Tone::Busy => "busy",
            Tone::Done => "done",
            Tone::Look => "look",
            Tone::Act => "act",
        })
    }
}

impl HtmlSafe for Tone {}

/// One sentence that answers the last act.
#[derive(Debug, Clone)]
pub struct Flash {
    /// How it went.
    pub tone: Tone,
    /// What happened and what comes next.
    pub text: String,
}
