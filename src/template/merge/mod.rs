//! Closed placeholders and optional blocks in a Markdown body: compiled once per template version
//! and locale, then only the gaps are filled per person.
//!
//! The walk: `parse` puts marks for placeholders → `markdown` makes a `tree` → `html` and `text`
//! write it as pieces → per person, `person` makes the values harmless and the pieces are filled.
//! No value ever passes through Markdown.

mod bidi;
mod condition;
mod guardian;
mod html;
mod inlines;
mod kept;
mod markdown;
mod page;
mod parse;
mod person;
mod pieces;
mod placeholder;
mod problem;
mod shown;
mod text;
mod tree;
mod values;
mod wrap;

pub use placeholder::Placeholder;
pub use problem::{MAX_BODY, MergeError, Part, Problem};
pub use shown::Shown;
pub use values::{Fixed, MissingValue, Rendered, Values};

use self::kept::Kept;
use self::person::Person;
use self::pieces::{Piece, fill_plain};
use self::text::{Text, pieces_of};
use self::tree::{Block, Inline};
use super::layout::{self, Style};
use crate::element::{self, ElementSet};

/// A template version in one locale, ready to be filled.
#[derive(Debug, Clone)]
pub struct Compiled {
    locale: String,
    rtl: bool,
    style: &'static Style,
    subject: Vec<Piece>,
    text: Text,
    html: Vec<Piece>,
    uses: Vec<Placeholder>,
    facts: Vec<String>,
    reading: shown::Reading,
    /// Bytes that a filled HTML part will about have.
    size: usize,
    kept: Kept,
}

/// An author does not read more than this at once.
const MOST_ERRORS: usize = 100;

/// Compiles a template.
///
/// # Errors
/// Everything that is wrong with it, at once (the first hundred), in the order of reading.
pub fn compile(subject: &str, body: &str, fixed: &Fixed<'_>) -> Result<Compiled, Vec<MergeError>> {
    let mut errors = Vec::new();
    let marked_subject = parse::parse(subject, Part::Subject, fixed, &mut errors);
    let title = inlines::subject(&marked_subject, &mut errors);
    let marked_body = parse::parse(body, Part::Body, fixed, &mut errors);
    let blocks = markdown::blocks(&marked_body, &mut errors);
    if !errors.is_empty() {
        errors.sort_by_key(|e| (e.part == Part::Body, e.line, e.column));
        errors.truncate(MOST_ERRORS);
        return Err(errors);
    }
    let mut uses = Vec::new();
    used(&marked_subject, &mut uses);
    used(&marked_body, &mut uses);
    let mut facts = marked_subject.facts;
    facts.extend(marked_body.facts);
    facts.sort_unstable();
    facts.dedup();
    Ok(assemble(&title, blocks, (uses, facts), fixed))
}

fn used(marked: &parse::Marked, uses: &mut Vec<Placeholder>) {
    for placed in &marked.tokens {
        if let parse::Token::Person(placeholder) = placed.token {
            uses.push(placeholder);
        }
    }
    uses.sort_unstable();
    uses.dedup();
}

fn assemble(
    title: &[Inline],
    body: Vec<Block>,
    (uses, facts): (Vec<Placeholder>, Vec<String>),
    fixed: &Fixed<'_>,
) -> Compiled {
    let rtl = element::is_rtl(fixed.locale);
    let style = layout::style(rtl);
    let subject = pieces_of(title);
    let page = page(title, body, fixed);

    let lang = layout::language_tag(fixed.locale);
    let mut html = html::Writer::new(style);
    html.markup(&layout::before_title(&lang, style));
    html.title(title);
    html.markup(&layout::after_title(&lang, style));
    html.blocks(&page);
    html.markup(layout::END);

    Compiled {
        locale: fixed.locale.into(),
        rtl,
        style,
        subject,
        text: Text::compile(&page),
        size: size(&html.pieces),
        html: html.pieces,
        uses,
        facts,
        reading: shown::Reading::new(page, fixed.locale),
        kept: Kept::default(),
    }
}

/// The whole notice: the organisation's name, the subject as title (unless the body brings its
/// own), the body, and how to check that it is genuine.
fn page(title: &[Inline], body: Vec<Block>, fixed: &Fixed<'_>) -> Vec<Block> {
    let mut page = Vec::with_capacity(body.len() + 6);
    let organisation = one_line(fixed.organisation);
    if !organisation.is_empty() {
        let name = vec![Inline::Text(organisation)];
        page.push(Block::Paragraph(vec![Inline::Strong(name)]));
    }
    if !matches!(body.first(), Some(Block::Heading(1, _))) {
        page.push(Block::Heading(1, title.to_vec()));
    }
    let has_code = shows(&body, Placeholder::NoticeCode);
    let has_link = shows(&body, Placeholder::StatusLink);
    for (n, block) in body.into_iter().enumerate() {
        page.push(match block {
            // One title to a page.
            Block::Heading(1, line) if n > 0 => Block::Heading(2, line),
            block => block,
        });
    }
    let words = layout::words(fixed.locale);
    page.push(Block::Rule);
    page.push(Block::Heading(2, vec![Inline::Text(words.genuine.into())]));
    let check = if has_code {
        words.check
    } else {
        words.check_with_code
    };
    page.push(Block::Paragraph(sentence(check)));
    if !has_link {
        page.push(Block::Paragraph(sentence(words.link)));
    }
    page
}

/// A sentence of the frame with its gaps.
fn sentence(words: &str) -> Vec<Inline> {
    let mut line = Vec::new();
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('{') {
        let (gap, after) = after.split_once('}').unwrap_or((after, ""));
        line.push(Inline::Text(before.into()));
        line.push(match gap {
            "address" => Inline::CheckAddress,
            "code" => Inline::Strong(vec![Inline::Value(Placeholder::NoticeCode)]),
            _ => Inline::Value(Placeholder::StatusLink),
        });
        rest = after;
    }
    if !rest.is_empty() {
        line.push(Inline::Text(rest.into()));
    }
    line
}

/// Whether all people see this value in the body. An address behind a link counts: the text part shows it and the HTML
/// part opens it.
fn shows(blocks: &[Block], placeholder: Placeholder) -> bool {
    blocks.iter().any(|block| match block {
        Block::Paragraph(line)
        | Block::Line(line)
        | Block::Heading(_, line)
        | Block::Code(line) => line_shows(line, placeholder),
        Block::Quote(inner) => shows(inner, placeholder),
        Block::List(list) => {
            let mut items = list.items.iter().filter(|item| item.any.is_empty());
            items.any(|item| shows(&item.blocks, placeholder))
        }
        Block::Rule | Block::Guidance | Block::If(..) | Block::Edge(_) => false,
    })
}

fn line_shows(line: &[Inline], placeholder: Placeholder) -> bool {
    line.iter().any(|inline| match inline {
        Inline::Value(value) => *value == placeholder,
        Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Code(inner) => {
            line_shows(inner, placeholder)
        }
        // A code hidden in an address cannot be typed.
        Inline::Link { address, label } => {
            line_shows(label, placeholder)
                || (placeholder == Placeholder::StatusLink && line_shows(address, placeholder))
        }
        _ => false,
    })
}

fn asks(pieces: &[Piece], value: Placeholder) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Value(asked, ..) => *asked == value,
        Piece::If(_, inner) => asks(inner, value),
        _ => false,
    })
}

fn size(pieces: &[Piece]) -> usize {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Fixed(html) => html.len(),
            Piece::Guidance => 1024,
            Piece::Value(..) | Piece::CheckAddress => 160,
            Piece::If(_, inner) => size(inner),
        })
        .sum()
}

impl Compiled {
    /// The values that subject and body ask for, in the order of [`Placeholder::ALL`]. The frame always uses
    /// `status_link` and `notice_code`, too.
    pub fn uses(&self) -> &[Placeholder] {
        &self.uses
    }

    /// The facts that subject and body quote, by key.
    pub fn facts(&self) -> &[String] {
        &self.facts
    }

    /// The elements of the reader on which something of it depends.
    pub(crate) fn conditions(&self) -> ElementSet {
        self.reading.conditions()
    }

    /// Whether the subject asks for this value, perhaps under a condition.
    pub fn is_in_subject(&self, value: Placeholder) -> bool {
        asks(&self.subject, value)
    }

    /// What people with these exposed elements are shown.
    pub fn shown(&self, exposed: ElementSet) -> Shown {
        self.reading.shown(exposed)
    }

    /// What the notice names to people with these exposed elements: all of it if the notice lists it, and the
    /// `declared` elements that it names by words.
    pub fn names(&self, exposed: ElementSet, declared: ElementSet) -> ElementSet {
        let shown = self.shown(exposed);
        let listed = if shown.list {
            exposed
        } else {
            ElementSet::EMPTY
        };
        listed.union(shown.words.intersection(declared))
    }

    /// Fills the notice for one person.
    ///
    /// # Errors
    /// The first value that this person's notice uses and that is missing.
    pub fn render(&self, values: &Values<'_>) -> Result<Rendered, MissingValue> {
        let person = Person::new(values, &self.locale, self.rtl, &self.kept);
        let mut subject = String::with_capacity(80);
        fill_plain(&self.subject, &person, &mut subject)?;
        let mut html = String::with_capacity(self.size);
        html::fill(&self.html, &person, self.style, &mut html)?;
        let mut text = String::with_capacity(self.size / 2);
        self.text.fill(&person, &mut text)?;
        Ok(Rendered {
            subject: one_line(&subject),
            text,
            html,
        })
    }
}

impl Compiled {
    /// The same for a minor: the notice addresses their parent or guardian before all else.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn render_to_guardian(&self, values: &Values<'_>) -> Result<Rendered, MissingValue> {
        let mut rendered = self.render(values)?;
        let person = Person::new(values, &self.locale, self.rtl, &self.kept);
        let addressed = guardian::Addressed::new(&person, values, &self.locale)?;
        addressed.text(&mut rendered.text);
        addressed.html(self.style, &self.locale, &mut rendered.html);
        Ok(rendered)
    }
}

/// Values hold no control characters; this also holds for what facts bring, and squeezes what a
/// skipped block leaves.
fn one_line(subject: &str) -> String {
    let words = subject.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
