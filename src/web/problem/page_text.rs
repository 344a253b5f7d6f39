//! The words of an error page. The catalogue and docs/problems.md address programs; these words address people at a browser.

use actix_web::http::header;

use super::{Kind, Problem};

/// The title of the error page.
pub(crate) fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::BadRequest | Kind::WrongType => "This could not be read",
        Kind::NotFound => "Not found, or not yours to see",
        Kind::MethodNotAllowed => "This page cannot be opened in this way",
        Kind::InTheWay => "This cannot be done now",
        Kind::TooLarge => "This is too large",
        Kind::VersionMissing => "This form is too old",
        Kind::Away => "Candor cannot reach its database right now",
        Kind::IdempotencyKeyMissing
        | Kind::NotSignedIn
        | Kind::NotAllowed
        | Kind::OwnWork
        | Kind::FormNotOurs
        | Kind::Changed
        | Kind::IllegalMove
        | Kind::Taken
        | Kind::StillRunning
        | Kind::TooSlow
        | Kind::NotReady
        | Kind::NotAccepted
        | Kind::KeyReused
        | Kind::TooMany
        | Kind::Broken
        | Kind::Busy
        | Kind::Unsure => kind.title(),
    }
}

/// What the reader of the page can do now.
pub(crate) fn advice(problem: &Problem) -> String {
    let words = match problem.kind() {
        Kind::TooMany | Kind::Away | Kind::StillRunning => {
            return format!("{}, then try again.", wait(problem));
        }
        Kind::Busy => return format!("Nothing was done. {}, then try again.", wait(problem)),
        Kind::BadRequest
        | Kind::WrongType
        | Kind::FormNotOurs
        | Kind::VersionMissing
        | Kind::IdempotencyKeyMissing
        | Kind::KeyReused => "Load the page again and send the form from there.",
        Kind::NotSignedIn => "Sign in, then open the page again.",
        Kind::NotFound => "Check the address, or look for it from the dashboard.",
        Kind::MethodNotAllowed => "Go back to your page and use its buttons.",
        Kind::Changed => {
            "Your change was not made. Load the page again, read what changed, and make your change once more."
        }
        Kind::IllegalMove => {
            "Nothing was done. Load the page again: it shows the state, and what can be done now."
        }
        Kind::InTheWay => "Nothing was done. Resolve that first, then try again.",
        Kind::TooLarge => "Send less at once.",
        Kind::NotReady => "The page of the campaign says what to change.",
        Kind::NotAccepted => "Nothing was done. Correct it, then send it again.",
        Kind::Unsure => "Check whether it arrived before you send it again.",
        kind @ (Kind::NotAllowed | Kind::OwnWork | Kind::Taken | Kind::TooSlow | Kind::Broken) => {
            kind.advice()
        }
    };
    words.to_owned()
}

/// How long to wait, from the Retry-After header of the problem.
fn wait(problem: &Problem) -> String {
    let header = problem.header();
    let seconds = header.filter(|(name, _)| *name == header::RETRY_AFTER);
    match seconds {
        Some((_, "1")) => "Wait a second".to_owned(),
        Some((_, seconds)) => format!("Wait {seconds} seconds"),
        None => "Wait a minute".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_page_uses_words_for_programs() {
        for kind in Kind::ALL
            .iter()
            .filter(|kind| !kind.slug().contains("idempotency"))
        {
            let words = format!("{}. {}", title(*kind), advice(&Problem::new(*kind)));
            let said: Vec<_> = words
                .split(|c: char| !c.is_alphanumeric() && c != '-')
                .collect();
            for word in [
                "header",
                "Retry-After",
                "Idempotency",
                "detail",
                "extension",
                "Allow",
                "Content-Type",
                "body",
            ] {
                assert!(!said.contains(&word), "{}: {words}", kind.slug());
            }
        }
    }

    #[test]
    fn the_waiting_time_is_given_in_seconds() {
        assert_eq!(
            advice(&Problem::too_many(31)),
            "Wait 31 seconds, then try again."
        );
        assert_eq!(
            advice(&Problem::busy()),
            "Nothing was done. Wait 5 seconds, then try again."
        );
    }
}
