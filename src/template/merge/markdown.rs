//! Markdown with marks → tree. CommonMark without extensions; raw HTML is text, and only
//! addresses that are safe to press become links.

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use super::inlines::{Inlines, is_safe, push_text};
use super::parse::Marked;
use super::problem::{MergeError, Part, Problem};
use super::tree::{
    Block, Inline, Item, List, around, join_lists, wholly_conditional, wholly_conditional_blocks,
};

/// How deep lists, quotes and emphasis may nest: readers and stacks have limits.
const MAX_DEPTH: usize = 24;

/// Reads a marked body; notes blocks and values that stand where they cannot be shown.
pub(super) fn blocks(marked: &Marked, errors: &mut Vec<MergeError>) -> Vec<Block> {
    if depth(&marked.text) > MAX_DEPTH {
        errors.push(MergeError {
            part: Part::Body,
            line: 1,
            column: 1,
            problem: Problem::TooDeep,
        });
        return Vec::new();
    }
    let mut reader = Reader {
        events: Parser::new_ext(&marked.text, Options::empty()),
        inlines: Inlines::new(marked, errors),
    };
    let blocks = reader.blocks();
    reader.inlines.refuse_unseen();
    blocks
}

fn depth(text: &str) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    for event in Parser::new_ext(text, Options::empty()) {
        match event {
            Event::Start(_) => now += 1,
            Event::End(_) => now = now.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(now);
    }
    deepest
}

struct Reader<'m, 'e> {
    events: Parser<'m>,
    inlines: Inlines<'m, 'e>,
}

impl Reader<'_, '_> {
    /// Blocks up to the end of the one we are in.
    fn blocks(&mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut line = Vec::new();
        while let Some(event) = self.events.next() {
            match event {
                Event::End(_) => break,
                Event::Start(
                    tag @ (Tag::Paragraph
                    | Tag::Heading { .. }
                    | Tag::BlockQuote(_)
                    | Tag::CodeBlock(_)
                    | Tag::HtmlBlock
                    | Tag::List(_)
                    | Tag::Item),
                ) => {
                    self.paragraph(std::mem::take(&mut line), Block::Line, &mut blocks);
                    self.block(&tag, &mut blocks);
                }
                Event::Rule => {
                    self.paragraph(std::mem::take(&mut line), Block::Line, &mut blocks);
                    blocks.push(Block::Rule);
                }
                inline => self.inline(inline, &mut line),
            }
        }
        self.paragraph(line, Block::Line, &mut blocks);
        join_lists(self.inlines.nest(blocks))
    }

    fn block(&mut self, tag: &Tag<'_>, blocks: &mut Vec<Block>) {
        match tag {
            Tag::Heading { level, .. } => {
                let line = self.inlines();
                let line = self.inlines.nest(line);
                self.inlines.refuse_guidance(&line);
                let any = wholly_conditional(&line);
                blocks.push(around(any, Block::Heading(*level as u8, line)));
            }
            Tag::BlockQuote(_) => {
                let inner = self.blocks();
                let any = wholly_conditional_blocks(&inner);
                blocks.push(around(any, Block::Quote(inner)));
            }
            Tag::CodeBlock(_) => {
                let code = self.inlines();
                let code = self.inlines.code(code);
                blocks.push(Block::Code(code));
            }
            Tag::List(start) => {
                let list = self.list(*start);
                blocks.push(Block::List(list));
            }
            _ => {
                let line = self.inlines();
                self.paragraph(line, Block::Paragraph, blocks);
            }
        }
    }

    fn list(&mut self, start: Option<u64>) -> List {
        let mut items = Vec::new();
        while let Some(Event::Start(_)) = self.events.next() {
            let mut blocks = self.blocks();
            // An item that is all conditional is a conditional item.
            let any = wholly_conditional_blocks(&blocks).unwrap_or_default();
            if let [Block::If(_, inner)] = &mut blocks[..] {
                blocks = std::mem::take(inner);
            }
            items.push(Item { any, blocks });
        }
        List { start, items }
    }

    fn inlines(&mut self) -> Vec<Inline> {
        let mut line = Vec::new();
        while let Some(event) = self.events.next() {
            match event {
                Event::End(_) => break,
                event => self.inline(event, &mut line),
            }
        }
        line
    }

    fn inline(&mut self, event: Event<'_>, line: &mut Vec<Inline>) {
        match event {
            Event::Text(text) => self.inlines.text(&text, line),
            Event::Html(text) | Event::InlineHtml(text) => self.inlines.raw(&text, line),
            Event::Code(text) => {
                let mut code = Vec::new();
                self.inlines.text(&text, &mut code);
                line.push(Inline::Code(self.inlines.code(code)));
            }
            Event::SoftBreak => push_text(" ", line),
            Event::HardBreak => line.push(Inline::Break),
            Event::Start(Tag::Emphasis) => {
                let inner = self.inlines();
                line.push(Inline::Emphasis(self.inlines.nest(inner)));
            }
            Event::Start(Tag::Strong) => {
                let inner = self.inlines();
                line.push(Inline::Strong(self.inlines.nest(inner)));
            }
            Event::Start(
                Tag::Link {
                    link_type,
                    dest_url,
                    ..
                }
                | Tag::Image {
                    link_type,
                    dest_url,
                    ..
                },
            ) => self.link(link_type, &dest_url, line),
            Event::Start(_) => {
                let inner = self.inlines();
                line.extend(inner);
            }
            _ => {}
        }
    }

    fn link(&mut self, kind: LinkType, address: &str, line: &mut Vec<Inline>) {
        let outer = std::mem::replace(&mut self.inlines.bare_links, false);
        let label = self.inlines();
        let mut label = self.inlines.nest(label);
        self.inlines.bare_links = outer;
        let mut address = self.inlines.address(address);
        if kind == LinkType::Email {
            address.insert(0, Inline::Text("mailto:".into()));
        }
        if label.is_empty() {
            label.clone_from(&address);
        }
        if is_safe(&address) {
            line.push(Inline::Link { address, label });
        } else {
            // Nothing is lost, but there is nothing to press either.
            line.extend(label);
            line.push(Inline::Text(" (".into()));
            line.extend(address);
            line.push(Inline::Text(")".into()));
        }
    }

    /// A paragraph, or what it turns out to be: a marker, a conditional paragraph, guidance.
    fn paragraph(
        &mut self,
        line: Vec<Inline>,
        kind: fn(Vec<Inline>) -> Block,
        blocks: &mut Vec<Block>,
    ) {
        if let [Inline::Edge(token)] = line[..] {
            blocks.push(Block::Edge(token));
        } else if !line.is_empty() {
            let line = self.inlines.nest(line);
            self.folded_paragraph(line, kind, blocks);
        }
    }

    fn folded_paragraph(
        &mut self,
        mut line: Vec<Inline>,
        kind: fn(Vec<Inline>) -> Block,
        blocks: &mut Vec<Block>,
    ) {
        if let Some(any) = wholly_conditional(&line) {
            if let [Inline::If(_, inner)] = &mut line[..] {
                line = std::mem::take(inner);
            }
            let mut inner = Vec::new();
            if wholly_conditional(&line).is_some() {
                self.inlines.refuse_guidance(&line);
                inner.push(kind(line));
            } else {
                self.folded_paragraph(line, kind, &mut inner);
            }
            blocks.push(Block::If(any, inner));
            return;
        }
        let mut before = Vec::new();
        for inline in line {
            if matches!(inline, Inline::Guidance(_)) {
                self.push_line(std::mem::take(&mut before), kind, blocks);
                blocks.push(Block::Guidance);
            } else {
                before.push(inline);
            }
        }
        self.push_line(before, kind, blocks);
    }

    fn push_line(
        &mut self,
        mut line: Vec<Inline>,
        kind: fn(Vec<Inline>) -> Block,
        blocks: &mut Vec<Block>,
    ) {
        let blank = |inline: &Inline| match inline {
            Inline::Text(text) => text.trim().is_empty(),
            inline => matches!(inline, Inline::Break),
        };
        while line.last().is_some_and(blank) {
            line.pop();
        }
        if !line.is_empty() {
            self.inlines.refuse_guidance(&line);
            blocks.push(kind(line));
        }
    }
}
