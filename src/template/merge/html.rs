//! Tree → HTML pieces, and the filling of them. The only place where HTML is put together:
//! whatever comes from outside passes `escape`.

use super::condition::Condition;
use super::kept::Form;
use super::person::Person;
use super::pieces::{Piece, Place, push_fixed};
use super::placeholder::Placeholder;
use super::tree::{Block, Inline, Item, List};
use super::values::MissingValue;
use crate::template::layout::Style;

/// Writes the tree of a notice.
pub(super) struct Writer<'s> {
    pub(super) pieces: Vec<Piece>,
    style: &'s Style,
}

impl<'s> Writer<'s> {
    pub(super) fn new(style: &'s Style) -> Self {
        Self {
            pieces: Vec::new(),
            style,
        }
    }

    /// Markup of our own.
    pub(super) fn markup(&mut self, html: &str) {
        push_fixed(&mut self.pieces, html);
    }

    /// Text of any other origin.
    pub(super) fn text(&mut self, text: &str) {
        let mut escaped = String::with_capacity(text.len() + 8);
        escape(text, &mut escaped);
        push_fixed(&mut self.pieces, &escaped);
    }

    /// A line where no element may stand.
    pub(super) fn title(&mut self, line: &[Inline]) {
        self.inlines(line, Place::Title);
    }

    pub(super) fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        let style = self.style;
        match block {
            Block::Paragraph(line) => {
                self.element("p", style.paragraph, |w| w.inlines(line, Place::Prose));
            }
            Block::Line(line) => self.inlines(line, Place::Prose),
            Block::Heading(level, line) => {
                let (name, look) = match level {
                    1 => ("h1", style.title),
                    2 => ("h2", style.heading),
                    3 => ("h3", style.small_heading),
                    4 => ("h4", style.small_heading),
                    5 => ("h5", style.small_heading),
                    _ => ("h6", style.small_heading),
                };
                self.element(name, look, |w| w.inlines(line, Place::Prose));
            }
            Block::List(list) => self.list(list),
            Block::Quote(inner) => {
                self.element("blockquote", style.quote, |w| w.blocks(inner));
            }
            Block::Code(code) => {
                self.element("pre", style.code, |w| w.inlines(code, Place::Label));
            }
            Block::Rule => self.markup(&format!("<hr style=\"{}\">\n", style.rule)),
            Block::Guidance => self.guidance(),
            Block::If(any, inner) => self.when(any, |w| w.blocks(inner)),
            Block::Edge(_) => {}
        }
    }

    fn list(&mut self, list: &List) {
        match list.start {
            None => self.markup(&format!("<ul style=\"{}\">\n", self.style.list)),
            Some(1) => self.markup(&format!("<ol style=\"{}\">\n", self.style.list)),
            Some(n) => self.markup(&format!(
                "<ol start=\"{n}\" style=\"{}\">\n",
                self.style.list
            )),
        }
        for Item { any, blocks } in &list.items {
            let item = |w: &mut Self| w.element("li", w.style.item, |w| w.blocks(blocks));
            if any.is_empty() {
                item(self);
            } else {
                self.when(any, item);
            }
        }
        self.markup(if list.start.is_some() {
            "</ol>\n"
        } else {
            "</ul>\n"
        });
    }

    fn guidance(&mut self) {
        // The class tells a program that reads notices what is advice: its words name nothing.
        let style = self.style.list;
        self.markup(&format!("<ol class=\"guidance\" style=\"{style}\">\n"));
        self.pieces.push(Piece::Guidance);
        self.markup("</ol>\n");
    }

    fn inlines(&mut self, line: &[Inline], place: Place) {
        for inline in line {
            self.inline(inline, place);
        }
    }

    fn inline(&mut self, inline: &Inline, place: Place) {
        let bare = matches!(place, Place::Title | Place::Address);
        match inline {
            Inline::Text(text) => self.text(text),
            Inline::Value(placeholder) => self.pieces.push(Piece::Value(*placeholder, place)),
            Inline::CheckAddress => self.pieces.push(Piece::CheckAddress),
            Inline::Break => self.markup(if bare { " " } else { "<br>\n" }),
            Inline::If(any, inner) => self.when(any, |w| w.inlines(inner, place)),
            Inline::Strong(inner) if !bare => self.wrap("strong", inner, place),
            Inline::Emphasis(inner) if !bare => self.wrap("em", inner, place),
            Inline::Code(inner) if !bare => self.wrap("code", inner, Place::Label),
            Inline::Link { address, label } if place == Place::Prose => {
                self.markup("<a href=\"");
                self.address(address);
                self.markup("\">");
                self.inlines(label, Place::Label);
                self.markup("</a>");
            }
            Inline::Strong(inner)
            | Inline::Emphasis(inner)
            | Inline::Code(inner)
            | Inline::Link { label: inner, .. } => self.inlines(inner, place),
            Inline::Guidance(_) | Inline::Edge(_) => {}
        }
    }

    /// An address holds no white space: a phone number loses it, elsewhere it is encoded.
    fn address(&mut self, address: &[Inline]) {
        let phone = matches!(address, [Inline::Text(start), ..] if start.starts_with("tel:"));
        for part in address {
            match part {
                Inline::Text(text) => {
                    let spaced = text.split_whitespace().collect::<Vec<_>>();
                    self.text(&spaced.join(if phone { "" } else { "%20" }));
                }
                value => self.inline(value, Place::Address),
            }
        }
    }

    fn element(&mut self, name: &str, style: &str, inner: impl FnOnce(&mut Self)) {
        self.markup(&format!("<{name} style=\"{style}\">"));
        inner(self);
        self.markup(&format!("</{name}>\n"));
    }

    fn wrap(&mut self, name: &str, inner: &[Inline], place: Place) {
        self.markup(&format!("<{name}>"));
        self.inlines(inner, place);
        self.markup(&format!("</{name}>"));
    }

    fn when(&mut self, any: &[Condition], inner: impl FnOnce(&mut Self)) {
        let outside = std::mem::take(&mut self.pieces);
        inner(self);
        let inside = std::mem::replace(&mut self.pieces, outside);
        self.pieces.push(Piece::If(any.to_vec(), inside));
    }
}

/// Fills the gaps for one person.
pub(super) fn fill(
    pieces: &[Piece],
    person: &Person<'_>,
    style: &Style,
    out: &mut String,
) -> Result<(), MissingValue> {
    for piece in pieces {
        match piece {
            Piece::Fixed(html) => out.push_str(html),
            Piece::Value(placeholder, place) => value(*placeholder, *place, person, out)?,
            Piece::CheckAddress => escape(&person.check_address()?, out),
            Piece::Guidance => guidance(person, style, out)?,
            Piece::If(any, inner) if person.has_any(any) => fill(inner, person, style, out)?,
            Piece::If(..) => {}
        }
    }
    Ok(())
}

fn value(
    placeholder: Placeholder,
    place: Place,
    person: &Person<'_>,
    out: &mut String,
) -> Result<(), MissingValue> {
    match (place, placeholder) {
        (Place::Title | Place::Plain, _) => escape(&person.plain(placeholder)?, out),
        (Place::Address, Placeholder::StatusLink) => escape(&person.value(placeholder)?, out),
        (Place::Address, _) => percent_encode(&person.value(placeholder)?, out),
        (Place::Prose, Placeholder::StatusLink) => {
            let link = person.value(placeholder)?;
            out.push_str("<a href=\"");
            escape(&link, out);
            out.push_str("\" dir=\"ltr\">");
            escape(&link, out);
            out.push_str("</a>");
        }
        // <bdi> keeps a value's own direction from reordering the sentence around it.
        (_, Placeholder::Name | Placeholder::Reference | Placeholder::NoticeCode) => {
            out.push_str("<bdi>");
            escape(&person.value(placeholder)?, out);
            out.push_str("</bdi>");
        }
        (
            _,
            Placeholder::StatusLink
            | Placeholder::Elements
            | Placeholder::ToldWrongly
            | Placeholder::Guidance,
        ) => {
            escape(&person.value(placeholder)?, out);
        }
    }
    Ok(())
}

fn guidance(person: &Person<'_>, style: &Style, out: &mut String) -> Result<(), MissingValue> {
    let advice = person.written_guidance(Form::Html, |to| advise(person, style, to))?;
    out.push_str(&advice);
    Ok(())
}

fn advise(person: &Person<'_>, style: &Style, out: &mut String) -> Result<(), MissingValue> {
    for advice in person.guidance()? {
        out.push_str("<li style=\"");
        out.push_str(style.item);
        out.push_str("\"><strong>");
        escape(advice.title, out);
        out.push_str("</strong><br>\n");
        escape(advice.text, out);
        out.push_str("</li>\n");
    }
    Ok(())
}

/// HTML-escapes for text and for attributes in double quotes.
pub(super) fn escape(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(entity);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

fn percent_encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}
