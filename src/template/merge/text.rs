//! Tree → text part: the same words, laid out for 72 columns. What is the same for all people is laid out once; a
//! paragraph with values in it is wrapped per person.

use super::condition::Condition;
use super::page::{Mark, Page, Paragraph, Step, numbered};
use super::person::Person;
use super::pieces::{Piece, Place, push_fixed};
use super::tree::{Block, Inline, List};
use super::values::MissingValue;

/// A compiled text part.
#[derive(Debug, Clone)]
pub(super) struct Text(Vec<Step>);

impl Text {
    pub(super) fn compile(blocks: &[Block]) -> Self {
        let mut writer = Writer::default();
        writer.blocks(blocks, "", true);
        Self(writer.steps)
    }

    pub(super) fn fill(&self, person: &Person<'_>, out: &mut String) -> Result<(), MissingValue> {
        Page::new(out).steps(&self.0, person)?;
        if !out.is_empty() {
            out.push('\n');
        }
        Ok(())
    }
}

#[derive(Default)]
struct Writer {
    steps: Vec<Step>,
    counters: usize,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Block], margin: &str, gaps: bool) {
        for (n, block) in blocks.iter().enumerate() {
            if gaps && n > 0 {
                self.push(Step::Gap(margin.trim_end().into()));
            }
            self.block(block, margin);
        }
    }

    fn block(&mut self, block: &Block, margin: &str) {
        match block {
            Block::Paragraph(line) | Block::Line(line) => self.paragraph(line, margin, None),
            Block::Heading(1, line) => self.paragraph(line, margin, Some('=')),
            Block::Heading(2, line) => self.paragraph(line, margin, Some('-')),
            Block::Heading(_, line) => self.paragraph(line, margin, None),
            Block::List(list) => self.list(list, margin),
            Block::Quote(inner) => self.blocks(inner, &format!("{margin}> "), true),
            Block::Code(code) => {
                let pieces = pieces_of(code);
                self.lines(pieces, &format!("{margin}    "), false, None);
            }
            Block::Rule => {
                let pieces = vec![Piece::Fixed("* * *".into())];
                self.lines(pieces, margin, false, None);
            }
            Block::Guidance => self.push(Step::Guidance(margin.into())),
            Block::If(any, inner) => self.when(any, |w| w.blocks(inner, margin, true)),
            Block::Edge(_) => {}
        }
    }

    fn paragraph(&mut self, line: &[Inline], margin: &str, underline: Option<char>) {
        self.lines(pieces_of(line), margin, true, underline);
    }

    fn lines(&mut self, pieces: Vec<Piece>, margin: &str, wrap: bool, underline: Option<char>) {
        self.push(Step::Paragraph(Paragraph {
            margin: margin.into(),
            pieces,
            wrap,
            underline,
        }));
    }

    fn list(&mut self, list: &List, margin: &str) {
        let loose = |block: &Block| matches!(block, Block::Paragraph(_));
        let gaps = list.items.iter().any(|item| item.blocks.iter().any(loose));
        let last = list
            .start
            .map(|start| start.saturating_add(list.items.len().saturating_sub(1) as u64));
        let width = last.map_or(2, |n| n.to_string().len() + 2);
        let counter = list.items.iter().any(|item| !item.any.is_empty()) && list.start.is_some();
        let counter = counter.then(|| self.counter(list.start.unwrap_or(1)));
        for (n, item) in list.items.iter().enumerate() {
            let mark = match (counter, list.start) {
                (Some(counter), _) => Mark::Number { counter, width },
                (None, Some(start)) => numbered(start.saturating_add(n as u64), width),
                (None, None) => Mark::Text("- ".into()),
            };
            let inside = format!("{margin}{}", " ".repeat(width));
            let write = |w: &mut Self| {
                if gaps && n > 0 {
                    w.push(Step::Gap(margin.trim_end().into()));
                }
                w.push(Step::Mark {
                    margin: margin.into(),
                    mark,
                });
                w.blocks(&item.blocks, &inside, gaps);
                w.push(Step::EndItem(margin.into()));
            };
            match &item.any[..] {
                [] => write(self),
                any => self.when(any, write),
            }
        }
    }

    fn counter(&mut self, from: u64) -> usize {
        let counter = self.counters;
        self.counters += 1;
        self.push(Step::Count { counter, from });
        counter
    }

    fn when(&mut self, any: &[Condition], inner: impl FnOnce(&mut Self)) {
        let outside = std::mem::take(&mut self.steps);
        inner(self);
        let inside = std::mem::replace(&mut self.steps, outside);
        self.push(Step::If(any.to_vec(), inside));
    }

    /// Adds a step, laying out at once what no value can change.
    fn push(&mut self, step: Step) {
        match step {
            Step::Paragraph(paragraph) => match fixed(&paragraph) {
                Some(text) => {
                    let mut lines = String::new();
                    Page::new(&mut lines).paragraph(&paragraph, text);
                    self.push_lines(paragraph.margin.len(), lines);
                }
                None => self.steps.push(Step::Paragraph(paragraph)),
            },
            Step::EndItem(_) if matches!(self.steps.last(), Some(Step::Lines { .. })) => {}
            step => self.steps.push(step),
        }
    }

    /// Adds finished lines, joined to what is known before them.
    fn push_lines(&mut self, cut: usize, lines: String) {
        match &mut self.steps[..] {
            [
                ..,
                Step::Mark {
                    margin,
                    mark: Mark::Text(mark),
                },
            ] => {
                let marked = format!("{margin}{mark}{}", &lines[cut..]);
                let margin = margin.len();
                self.steps.pop();
                self.push_lines(margin, marked);
            }
            [.., Step::Lines { text, .. }] => {
                text.push('\n');
                text.push_str(&lines);
            }
            [.., Step::Lines { text, .. }, Step::Gap(gap)] => {
                *text += &format!("\n{gap}\n");
                text.push_str(&lines);
                self.steps.pop();
            }
            _ => self.steps.push(Step::Lines {
                margin: cut,
                text: lines,
            }),
        }
    }
}

fn fixed(paragraph: &Paragraph) -> Option<&str> {
    match &paragraph.pieces[..] {
        [Piece::Fixed(text)] => Some(text),
        _ => None,
    }
}

/// The pieces of a line of the text part.
pub(super) fn pieces_of(line: &[Inline]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for inline in line {
        match inline {
            Inline::Text(text) => push_fixed(&mut pieces, text),
            Inline::Value(placeholder) => pieces.push(Piece::Value(*placeholder, Place::Plain)),
            Inline::CheckAddress => pieces.push(Piece::CheckAddress),
            Inline::Break => push_fixed(&mut pieces, "\n"),
            Inline::If(any, inner) => pieces.push(Piece::If(any.clone(), pieces_of(inner))),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Code(inner) => {
                append(&mut pieces, pieces_of(inner));
            }
            Inline::Link { address, label } => {
                let (label, address) = (pieces_of(label), shown_address(address));
                let same = label == address;
                append(&mut pieces, label);
                if !same {
                    push_fixed(&mut pieces, " (");
                    append(&mut pieces, address);
                    push_fixed(&mut pieces, ")");
                }
            }
            Inline::Guidance(_) | Inline::Edge(_) => {}
        }
    }
    pieces
}

fn append(pieces: &mut Vec<Piece>, more: Vec<Piece>) {
    for piece in more {
        match piece {
            Piece::Fixed(text) => push_fixed(pieces, &text),
            piece => pieces.push(piece),
        }
    }
}

/// An address as people read it: mail addresses and numbers without their scheme.
fn shown_address(address: &[Inline]) -> Vec<Piece> {
    let mut pieces = pieces_of(address);
    if let Some(Piece::Fixed(text)) = pieces.first_mut() {
        for scheme in ["mailto:", "tel:"] {
            if text
                .get(..scheme.len())
                .is_some_and(|s| s.eq_ignore_ascii_case(scheme))
            {
                text.drain(..scheme.len());
            }
        }
    }
    pieces
}
