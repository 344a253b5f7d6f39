//! What a notice shows to people, as far as that depends on what was exposed of them: from it follows what the
//! notice names (promise P2). Guidance is left out: its words are advice.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::placeholder::Placeholder;
use super::tree::{Block, Inline};
use crate::element::{self, Element, ElementSet};

/// Sets of elements whose result is kept; beyond it all are forgotten and read again.
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
    /// The elements whose words stand in the fixed text.
    pub words: ElementSet,
}

/// A page, and what people with each set of elements are shown of it.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    page: Arc<[Block]>,
    locale: String,
    /// The elements on which something of the page depends.
    conditions: ElementSet,
    known: Arc<RwLock<HashMap<ElementSet, Shown>>>,
}

impl Reading {
    pub(super) fn new(page: Vec<Block>, locale: &str) -> Self {
        let mut conditions = ElementSet::EMPTY;
        of_blocks(&page, &mut |any| {
            conditions = conditions.union(ElementSet::of(any));
        });
        Self {
            page: page.into(),
            locale: locale.to_owned(),
            conditions,
            known: Arc::default(),
        }
    }

    /// What people of whom `exposed` was exposed are shown.
    pub(super) fn shown(&self, exposed: ElementSet) -> Shown {
        let of = exposed.intersection(self.conditions);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(shown) = known.get(&of) {
            return *shown;
        }
        drop(known);
        let mut reader = Reader {
            exposed: of,
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
fn of_blocks(blocks: &[Block], each: &mut impl FnMut(&[Element])) {
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

fn of_line(line: &[Inline], each: &mut impl FnMut(&[Element])) {
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
    exposed: ElementSet,
    text: String,
    shown: Shown,
}

impl Reader {
    fn has_any(&self, any: &[Element]) -> bool {
        any.iter().any(|element| self.exposed.contains(*element))
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
                        if item.any.is_empty() || self.has_any(&item.any) {
                            self.blocks(&item.blocks);
                        }
                    }
                }
                Block::If(any, inner) if self.has_any(any) => self.blocks(inner),
                Block::Guidance => self.shown.guidance = true,
                Block::If(..) | Block::Rule | Block::Edge(_) => {}
            }
        }
    }

    fn line(&mut self, line: &[Inline]) {
        for inline in line {
            match inline {
                Inline::Text(text) => self.text.push_str(text),
                Inline::Break => self.text.push(' '),
                Inline::Value(placeholder) => {
                    self.shown.list |= *placeholder == Placeholder::Elements;
                    self.text.push(GAP);
                }
                Inline::If(any, inner) if self.has_any(any) => self.line(inner),
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
