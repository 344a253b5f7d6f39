//! What can be wrong with a template, in sentences for its author.

use std::fmt;

use super::placeholder::Placeholder;

/// The longest body that is compiled, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// Which field of the template is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The subject line.
    Subject,
    /// The Markdown body.
    Body,
}

/// One thing wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct MergeError {
    /// The field.
    pub part: Part,
    /// Line of the field, from 1.
    pub line: usize,
    /// Character of the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Subject => write!(f, "Subject, column {}: {}", self.column, self.problem),
            Part::Body => write!(
                f,
                "Line {}, column {}: {}",
                self.line, self.column, self.problem
            ),
        }
    }
}

/// What can be wrong with a template; each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing but white space.
    #[error("This is empty. Write some text.")]
    Empty,
    /// Over [`MAX_BODY`].
    #[error("This is longer than {} KiB. Shorten it.", MAX_BODY / 1024)]
    TooLong,
    /// Quotes in quotes in lists in quotes …
    #[error("Lists, quotes or emphasis are nested too deeply. Make it flatter.")]
    TooDeep,
    /// The body holds every private-use character there is, so none is left as a mark.
    #[error("The text holds too many private-use characters. Remove some.")]
    NoMarkLeft,
    /// A line break in the subject.
    #[error("A subject is one line. Remove the line break.")]
    SubjectLines,
    /// `{{` without `}}` on its line.
    #[error(
        "These braces are not closed on the same line. Close them, or write \\{{{{ to show braces."
    )]
    Unclosed,
    /// `{{#if …}}` without `{{/if}}`.
    #[error("This block is not closed. Add {{{{/if}}}} after it.")]
    UnclosedBlock,
    /// A block in a block.
    #[error("A block cannot stand inside another block. Close the first one before this.")]
    NestedBlock,
    /// `{{/if}}` without `{{#if …}}`.
    #[error("There is no open block to close here. Remove this.")]
    NothingToClose,
    /// A block that begins in one paragraph, list or emphasis and ends in another.
    #[error(
        "This block begins and ends in different places. Keep it inside one paragraph, \
         or put {{{{#if …}}}} and {{{{/if}}}} each on a line of its own."
    )]
    SplitBlock,
    /// A word that is no placeholder.
    #[error(
        "There is no placeholder “{0}”. Known are name, reference, elements, told_wrongly, guidance, \
         status_link, notice_code, incident.title, facts.KEY, #if has.CODE, #if has.CODE or has.CODE, #if has.any, #if has.none and /if."
    )]
    UnknownPlaceholder(String),
    /// The fact sheet lacks it.
    #[error("The fact sheet has no “{0}”, or it is empty. Fill it in, or use another.")]
    UnknownFact(String),
    /// No such data element.
    #[error("There is no data element “{0}”.")]
    UnknownElement(String),
    /// A placeholder in code, a title or another place that cannot show it.
    #[error("This cannot stand here: it would not be shown. Put it in ordinary text.")]
    NotHere,
    /// Guidance is a list and needs room.
    #[error("{{{{ guidance }}}} becomes a list. Put it on a line of its own.")]
    GuidanceInline,
    /// Personal data in a URL ends in logs.
    #[error("An address may hold only status_link (at its start) and notice_code.")]
    InAddress,
    /// Subjects are seen on lock screens and in lists.
    #[error("{0} cannot stand in a subject.")]
    NotInSubject(Placeholder),
}
