//! What a notice shows to people, as far as that depends on what was exposed of them: from it follows what the
//! notice names (promise P2). Guidance is left out: its words are advice.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::condition::Condition;
use super::placeholder::Placeholder;
use super::tree::{Block, Inline};
use crate::element::{self, ElementSet};

/// Sets of elements with a kept result; beyond it all are forgotten and read again.
const MOST: usize = 1_024;
/// Stands for a value or a link: no words are read across it.
const GAP: char = '\u{FFFC}';

/// What people are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// The list that `{{ elements }}` makes.
    pub list: bool,
    /// The block that `{{ guidance }}` makes.
    pub guidance: bool,
    /// The list that `{{ told_wrongly }}` makes.
    pub told_wrongly: bool,
    /// Words that only people without exposed elements see: what stands in `{{#if has.none}}`.
    pub for_nothing: bool,
    /// The elements that the fixed text names by words.
    pub words: ElementSet,
}

/// The elements of the reader on which something depends, and whether nothing at all of theirs is exposed.
type Of = (ElementSet, bool);

/// A page, and what people with each set of elements are shown of it.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    page: Arc<[Block]>,
    locale: String,
    /// The elements on which something of the page depends.
    conditions: ElementSet,
    known: Arc<RwLock<HashMap<Of, Shown>>>,
}

impl Reading {
    pub(super) fn new(page: Vec<Block>, locale: &str) -> Self {
        let mut conditions = ElementSet::EMPTY;
        of_blocks(&page, &mut |any| {
            for case in any {
                if let Condition::Has(element) = case {
                    conditions = conditions.union(ElementSet::of(&[*element]));
                }
            }
        });
        Self {
            page: page.into(),
            locale: locale.to_owned(),
            conditions,
            known: Arc::default(),
        }
    }

    pub(super) fn conditions(&self) -> ElementSet {
        self.conditions
    }

    /// What people with these exposed elements are shown.
    pub(super) fn shown(&self, exposed: ElementSet) -> Shown {
        let of = (exposed.intersection(self.conditions), exposed.is_empty());
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(shown) = known.get(&of) {
            return *shown;
        }
        drop(known);
        let mut reader = Reader {
            of,
            for_nothing: false,
            text: String::new(),
            shown: Shown::default(),
        };
        reader.blocks(&self.page);
        let shown = Shown {
            words: element::found(&reader.text, &self.locale),
            ..reader.shown
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(of, shown);
        shown
    }
}

/// Calls `each` with the condition of every block, item and piece of a line that has one.
fn of_blocks(blocks: &[Block], each: &mut impl FnMut(&[Condition])) {
    for block in blocks {
        match block {
            Block::Paragraph(line)
            | Block::Line(line)
            | Block::Heading(_, line)
            | Block::Code(line) => of_line(line, each),
            Block::Quote(inner) => of_blocks(inner, each),
            Block::List(list) => {
                for item in &list.items {
                    each(&item.any);
                    of_blocks(&item.blocks, each);
                }
            }
            Block::If(any, inner) => {
                each(any);
                of_blocks(inner, each);
            }
            Block::Rule | Block::Guidance | Block::Edge(_) => {}
        }
    }
}

fn of_line(line: &[Inline], each: &mut impl FnMut(&[Condition])) {
    for inline in line {
        match inline {
            Inline::If(any, inner) => {
                each(any);
                of_line(inner, each);
            }
            Inline::Strong(inner)
            | Inline::Emphasis(inner)
            | Inline::Code(inner)
            | Inline::Link { label: inner, .. } => of_line(inner, each),
            _ => {}
        }
    }
}

/// Reads the page as people with some elements do.
struct Reader {
    of: Of,
    /// Whether it reads a part for people without exposed elements.
    for_nothing: bool,
    text: String,
    shown: Shown,
}

impl Reader {
    fn has_any(&self, any: &[Condition]) -> bool {
        let (exposed, is_nothing) = self.of;
        any.iter().any(|case| match case {
            Condition::Nothing => is_nothing,
            Condition::Has(_) => case.holds(exposed),
        })
    }

    /// Reads a part for people in any of these cases.
    fn when(&mut self, any: &[Condition], read: impl FnOnce(&mut Self)) {
        let before = self.for_nothing;
        self.for_nothing |= any == [Condition::Nothing];
        read(self);
        self.for_nothing = before;
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            // No words are read from one block into the next.
            self.text.push(GAP);
            match block {
                Block::Paragraph(line)
                | Block::Line(line)
                | Block::Heading(_, line)
                | Block::Code(line) => self.line(line),
                Block::Quote(inner) => self.blocks(inner),
                Block::List(list) => {
                    for item in &list.items {
                        if item.any.is_empty() {
                            self.blocks(&item.blocks);
                        } else if self.has_any(&item.any) {
                            self.when(&item.any, |reader| reader.blocks(&item.blocks));
                        }
                    }
                }
                Block::If(any, inner) if self.has_any(any) => {
                    self.when(any, |reader| reader.blocks(inner));
                }
                Block::Guidance => self.shown.guidance = true,
                Block::If(..) | Block::Rule | Block::Edge(_) => {}
            }
        }
    }

    fn line(&mut self, line: &[Inline]) {
        for inline in line {
            match inline {
                Inline::Text(text) => {
                    self.shown.for_nothing |=
                        self.for_nothing && text.contains(char::is_alphanumeric);
                    self.text.push_str(text);
                }
                Inline::Break => self.text.push(' '),
                Inline::Value(placeholder) => {
                    self.shown.list |= *placeholder == Placeholder::Elements;
                    self.shown.told_wrongly |= *placeholder == Placeholder::ToldWrongly;
                    self.text.push(GAP);
                }
                Inline::If(any, inner) if self.has_any(any) => {
                    self.when(any, |reader| reader.line(inner));
                }
                Inline::Strong(inner)
                | Inline::Emphasis(inner)
                | Inline::Code(inner)
                | Inline::Link { label: inner, .. } => self.line(inner),
                Inline::CheckAddress => self.text.push(GAP),
                Inline::If(..) | Inline::Guidance(_) | Inline::Edge(_) => {}
            }
        }
    }
}
