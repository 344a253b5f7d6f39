//! Marked text → inlines: what each mark stands for where it stands, and what may not stand there.

use super::bidi;
use super::condition::Condition;
use super::parse::{Marked, Stretch, Token};
use super::placeholder::Placeholder;
use super::problem::{MergeError, Problem};
use super::tree::{Inline, Node};

/// The only addresses that become links.
const SAFE_SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "tel:"];

/// Reads a marked subject: plain text, values and blocks, no Markdown.
pub(super) fn subject(marked: &Marked, errors: &mut Vec<MergeError>) -> Vec<Inline> {
    let mut inlines = Inlines::new(marked, errors);
    inlines.bare_links = false;
    let mut line = Vec::new();
    inlines.text(marked.text.trim(), &mut line);
    let line = inlines.nest(line);
    for (n, placed) in marked.tokens.iter().enumerate() {
        if let Token::Person(p @ (Placeholder::Guidance | Placeholder::StatusLink)) = placed.token {
            inlines.note(n, Problem::NotInSubject(p));
        }
    }
    line
}

/// Turns marked text into inlines and keeps account of the tokens.
pub(super) struct Inlines<'m, 'e> {
    marked: &'m Marked,
    errors: &'e mut Vec<MergeError>,
    /// Which tokens found a place.
    seen: Vec<bool>,
    /// Whether a fact that is a web address becomes a link here.
    pub(super) bare_links: bool,
}

impl<'m, 'e> Inlines<'m, 'e> {
    pub(super) fn new(marked: &'m Marked, errors: &'e mut Vec<MergeError>) -> Self {
        Self {
            marked,
            errors,
            seen: vec![false; marked.tokens.len()],
            bare_links: true,
        }
    }

    fn note(&mut self, token: usize, problem: Problem) {
        self.errors.push(self.marked.error(token, problem));
    }

    /// Nothing vanishes: a token in a link title or in an unused definition is refused.
    pub(super) fn refuse_unseen(&mut self) {
        for token in 0..self.seen.len() {
            if !self.seen[token] {
                self.note(token, Problem::NotHere);
            }
        }
    }

    pub(super) fn refuse_guidance(&mut self, line: &[Inline]) {
        for inline in line {
            match inline {
                Inline::Guidance(token) => self.note(*token, Problem::GuidanceInline),
                Inline::Strong(inner)
                | Inline::Emphasis(inner)
                | Inline::If(_, inner)
                | Inline::Link { label: inner, .. } => self.refuse_guidance(inner),
                _ => {}
            }
        }
    }

    pub(super) fn text(&mut self, text: &str, line: &mut Vec<Inline>) {
        for stretch in self.marked.cut(text) {
            match stretch {
                Stretch::Text(text) => push_text(text, line),
                Stretch::Token(token) => self.token(token, line),
            }
        }
    }

    fn token(&mut self, token: usize, line: &mut Vec<Inline>) {
        let Some(placed) = self.marked.tokens.get(token) else {
            return;
        };
        self.seen[token] = true;
        match &placed.token {
            Token::Person(Placeholder::Guidance) => line.push(Inline::Guidance(token)),
            Token::Person(placeholder) => line.push(Inline::Value(*placeholder)),
            Token::If(_) | Token::EndIf => line.push(Inline::Edge(token)),
            Token::Text(text) if self.bare_links && is_web_address(text) => {
                line.push(Inline::Link {
                    address: vec![Inline::Text(text.clone())],
                    label: vec![Inline::Text(text.clone())],
                });
            }
            Token::Text(text) => push_lines(text, line),
        }
    }

    /// Raw HTML: shown as it was written.
    pub(super) fn raw(&mut self, html: &str, line: &mut Vec<Inline>) {
        for (n, text) in html.split('\n').enumerate() {
            if n > 0 {
                line.push(Inline::Break);
            }
            self.text(text, line);
        }
    }

    /// Code holds text and short values only.
    pub(super) fn code(&mut self, code: Vec<Inline>) -> Vec<Inline> {
        let mut kept = Vec::with_capacity(code.len());
        for inline in code {
            match inline {
                Inline::Edge(token) | Inline::Guidance(token) => {
                    self.note(token, Problem::NotHere);
                }
                Inline::Link { label, .. } => kept.extend(label),
                Inline::Break => push_text("\n", &mut kept),
                other => kept.push(other),
            }
        }
        kept
    }

    pub(super) fn address(&mut self, address: &str) -> Vec<Inline> {
        let mut parts = Vec::new();
        for stretch in self.marked.cut(address) {
            let token = match stretch {
                Stretch::Text(text) => {
                    push_text(text, &mut parts);
                    continue;
                }
                Stretch::Token(token) => token,
            };
            self.seen[token] = true;
            match &self.marked.tokens[token].token {
                Token::Text(text) => {
                    let bare: String = text.chars().filter(|c| !bidi::is_control(*c)).collect();
                    push_text(&bare, &mut parts);
                }
                Token::Person(Placeholder::StatusLink) if parts.is_empty() => {
                    parts.push(Inline::Value(Placeholder::StatusLink));
                }
                Token::Person(Placeholder::NoticeCode) => {
                    parts.push(Inline::Value(Placeholder::NoticeCode));
                }
                _ => self.note(token, Problem::InAddress),
            }
        }
        parts
    }

    /// Puts what stands between two block markers into a conditional node. A marker is
    /// refused if its partner is not in the same sequence.
    pub(super) fn nest<N: Node>(&mut self, nodes: Vec<N>) -> Vec<N> {
        let marked = self.marked;
        let mut done = Vec::with_capacity(nodes.len());
        let mut open: Option<(usize, &[Condition], Vec<N>)> = None;
        for node in nodes {
            match node
                .edge()
                .map(|token| (token, &marked.tokens[token].token))
            {
                Some((token, Token::If(any))) => {
                    let before = open.replace((token, any.as_slice(), Vec::new()));
                    self.split(before, &mut done);
                }
                // An end without a beginning: its beginning stands elsewhere and is refused there.
                Some(_) => done.extend(open.take().map(|(_, any, inner)| N::when(any, inner))),
                None => open
                    .as_mut()
                    .map_or(&mut done, |open| &mut open.2)
                    .push(node),
            }
        }
        self.split(open, &mut done);
        done
    }

    fn split<N>(&mut self, open: Option<(usize, &[Condition], Vec<N>)>, done: &mut Vec<N>) {
        if let Some((token, _, inner)) = open {
            self.note(token, Problem::SplitBlock);
            done.extend(inner);
        }
    }
}

pub(super) fn push_text(text: &str, line: &mut Vec<Inline>) {
    match line.last_mut() {
        Some(Inline::Text(before)) => before.push_str(text),
        _ => line.push(Inline::Text(text.into())),
    }
}

fn push_lines(text: &str, line: &mut Vec<Inline>) {
    for (n, text) in text.lines().enumerate() {
        if n > 0 {
            line.push(Inline::Break);
        }
        push_text(text, line);
    }
}

pub(super) fn is_safe(address: &[Inline]) -> bool {
    match address {
        [Inline::Text(text), ..] => SAFE_SCHEMES.iter().any(|scheme| starts_with(text, scheme)),
        [Inline::Value(Placeholder::StatusLink), ..] => true,
        _ => false,
    }
}

fn is_web_address(text: &str) -> bool {
    SAFE_SCHEMES[..2].iter().any(|s| starts_with(text, s)) && !text.contains(char::is_whitespace)
}

fn starts_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}
