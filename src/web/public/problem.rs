//! Error pages for customers. Unknown, expired and forged links get the same page.

use askama::Template;

use crate::web::form::resubmit::Resubmission;
use crate::web::page::PublicFrame;

/// The hint at text that the page shows again completely.
pub const COPY: &str = "Copy it, so that you need not write it again.";

/// The page of a refusal or a fault.
#[derive(Template)]
#[template(path = "public/problem.html")]
pub struct ProblemPage {
    /// The frame.
    pub visit: PublicFrame,
    /// The problem, in a line.
    pub title: String,
    /// What it means, in a sentence or two.
    pub text: String,
    /// What to do, each a sentence.
    pub advice: Vec<String>,
    /// The reference to quote on the phone; empty if the log has none.
    pub reference: String,
    /// Text that the person had typed and that was not stored; empty if there is none.
    pub typed: String,
    /// The hint at that text.
    pub typed_hint: &'static str,
    /// The form, to be sent again once the fault is over.
    pub again: Option<Resubmission>,
}

impl ProblemPage {
    /// 404, the same for a page that never was, an expired link and a forged one.
    pub fn not_found(visit: PublicFrame) -> ProblemPage {
        ProblemPage::say(
            visit,
            "We cannot show this page",
            "The link is not complete, no longer works, or was never ours.",
            &[
                "Open the link from your notice again, or copy all of it.",
                "Check the code in your notice on this site: that shows if the message is from us.",
                "Lost the notice? The ways to reach us are at the foot of this page.",
            ],
        )
    }

    /// 500, with the reference that is in our log.
    pub fn broken(visit: PublicFrame, reference: String) -> ProblemPage {
        let page = ProblemPage::say(
            visit,
            "Something went wrong on our side",
            "It is not your fault, and nothing you sent before is lost.",
            &[
                "Try again in a minute.",
                "If it stays, call us and quote the reference below.",
            ],
        );
        ProblemPage { reference, ..page }
    }

    /// 503: the database is away. `is_open`: it is unknown whether the form was stored.
    pub fn away(visit: PublicFrame, reads: bool, is_open: bool, reference: String) -> ProblemPage {
        let advice = match (reads, is_open) {
            (true, _) => "Wait a minute, then load this page again.",
            (false, false) => "What you sent did not arrive. Wait a minute, then send it again.",
            (false, true) => {
                "Wait a minute, then open the page again. Look whether what you sent is there before you send it again."
            }
        };
        let page = ProblemPage::say(
            visit,
            "We will be back in a moment",
            "These pages cannot reach their records right now. We keep trying by ourselves.",
            &[advice],
        );
        ProblemPage { reference, ..page }
    }

    /// 503: the database went away during the commit of a form.
    pub fn unsure(visit: PublicFrame) -> ProblemPage {
        ProblemPage::say(
            visit,
            "We do not know whether this arrived",
            "Our records went away at the moment at which they were to keep what you sent.",
            &[
                "Wait a minute, then open your page again with the link in your notice.",
                "Look whether what you sent is there. If it is not, send it again.",
            ],
        )
    }

    fn say(visit: PublicFrame, title: &str, text: &str, advice: &[&str]) -> ProblemPage {
        ProblemPage {
            visit,
            title: title.to_owned(),
            text: text.to_owned(),
            advice: advice.iter().map(|&a| a.to_owned()).collect(),
            reference: String::new(),
            typed: String::new(),
            typed_hint: COPY,
            again: None,
        }
    }

    /// Shows the typed text again, to copy.
    pub fn with_typed(self, typed: String, typed_hint: &'static str) -> ProblemPage {
        ProblemPage {
            typed,
            typed_hint,
            ..self
        }
    }

    /// Shows the form again, filled in, to be sent once more: at once if it is known that nothing was
    /// changed, else as the advice of the page says.
    pub fn with_again(self, again: Option<Resubmission>, is_known: bool) -> ProblemPage {
        let advice = match again {
            Some(_) if is_known => vec!["Wait a minute, then press “Send again”.".to_owned()],
            _ => self.advice,
        };
        ProblemPage {
            again,
            advice,
            ..self
        }
    }
}
