//! Reasons of refused rows without what is so of one row only: rows with the same reason are counted together under these
//! words.

/// What a refusal with this code and these words says of all rows that were refused for the same reason. Numbers of lines
/// and cells, and the character that was found, are left out.
pub(crate) fn in_general(code: &str, why: &str) -> String {
    match code {
        "cell_count" => "The row has more or fewer cells than the first line.".to_owned(),
        "duplicate_reference" if why.starts_with("The reference stands on line ") => {
            "The reference stands on another line too.".to_owned()
        }
        "broken_row" => match why.split_once(" may be a part of this row") {
            Some((_, rest)) => format!("Another line may be a part of this row{rest}"),
            None => why.to_owned(),
        },
        "invisible_character" => {
            "The cell contains an invisible character: write the cell again without it.".to_owned()
        }
        "too_long" | "line_break" => match why.split_once(" The row runs over ") {
            Some((first, rest)) => {
                let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{first} The row runs over several{rest}")
            }
            None => why.to_owned(),
        },
        _ => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_general;
    use crate::csv_file::Reason;

    #[test]
    fn rows_refused_for_the_same_reason_have_the_same_words() {
        let general = |reason: &Reason| in_general(reason.code(), &reason.to_string());
        let cells = |found| Reason::CellCount { expected: 4, found };
        assert_eq!(general(&cells(5)), general(&cells(10)));
        let long = |lines| Reason::TooLong { limit: 20, lines };
        assert_eq!(
            general(&long(3)),
            "The cell is longer than 20 characters. The row runs over several lines: look for a quotation mark that is \
             not closed."
        );
        assert_eq!(general(&long(3)), general(&long(40)));
        assert_eq!(general(&long(1)), "The cell is longer than 20 characters.");
        let character = |character| Reason::Invisible { character };
        assert_eq!(
            general(&character('\u{200b}')),
            general(&character('\u{ad}'))
        );
        let broken = |n| {
            let why =
                format!("Line {n} may be a part of this row, broken off. Correct both lines.");
            in_general("broken_row", &why)
        };
        assert_eq!(
            broken(7),
            "Another line may be a part of this row, broken off. Correct both lines."
        );
        let twice = |n| {
            in_general(
                "duplicate_reference",
                &format!("The reference stands on line {n} too."),
            )
        };
        assert_eq!(twice(2), "The reference stands on another line too.");
        assert_eq!(
            general(&Reason::SaysTheSame),
            Reason::SaysTheSame.to_string()
        );
    }
}
