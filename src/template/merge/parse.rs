//! Finds the placeholders in a template's source, before Markdown sees it: each becomes a mark
//! that Markdown takes for a letter, so that no value is ever read as Markdown.

use super::bidi;
use super::condition::Condition;
use super::placeholder::Placeholder;
use super::problem::{MAX_BODY, MergeError, Part, Problem};
use super::values::Fixed;
use crate::element;
use crate::invisible::shows_nothing;

/// What a mark stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Filled per person.
    Person(Placeholder),
    /// Known now: a fact, a title, literal braces. Shown as it is, never read as Markdown.
    Text(String),
    /// For people in any of these cases.
    If(Vec<Condition>),
    EndIf,
}

/// A token and where it stood.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Source with marks in place of placeholders: `‹mark›12‹mark›` is the token 12.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) text: String,
    pub(super) tokens: Vec<Placed>,
    /// The facts that it quotes, by key, in lower case.
    pub(super) facts: Vec<String>,
    pub(super) part: Part,
    mark: char,
}

/// A stretch of marked text.
pub(super) enum Stretch<'t> {
    Text(&'t str),
    Token(usize),
}

impl Marked {
    /// Cuts any text that came from this source at its marks.
    pub(super) fn cut<'t>(&self, text: &'t str) -> impl Iterator<Item = Stretch<'t>> + use<'t> {
        text.split(self.mark).enumerate().filter_map(|(n, part)| {
            if n % 2 == 0 {
                (!part.is_empty()).then_some(Stretch::Text(part))
            } else {
                part.parse().ok().map(Stretch::Token)
            }
        })
    }

    /// A problem at the place of a token.
    pub(super) fn error(&self, token: usize, problem: Problem) -> MergeError {
        let Placed { line, column, .. } = self.tokens[token];
        MergeError {
            part: self.part,
            line,
            column,
            problem,
        }
    }
}

/// Replaces all placeholders of `source` by marks, and notes everything that is wrong with them.
pub(super) fn parse(
    source: &str,
    part: Part,
    fixed: &Fixed<'_>,
    errors: &mut Vec<MergeError>,
) -> Marked {
    let mut reader = Reader {
        fixed,
        errors,
        open: None,
        depth: 0,
        marked: Marked {
            text: String::with_capacity(source.len() + 64),
            tokens: Vec::new(),
            facts: Vec::new(),
            part,
            mark: '\u{E000}',
        },
    };
    match free_mark(source) {
        Some(mark) => reader.marked.mark = mark,
        None => {
            reader.note(1, 1, Problem::NoMarkLeft);
            return reader.marked;
        }
    }
    if source.len() > MAX_BODY {
        reader.note(1, 1, Problem::TooLong);
    } else if shows_nothing(source) {
        reader.note(1, 1, Problem::Empty);
    } else if part == Part::Subject && source.trim().contains(['\n', '\r']) {
        reader.note(1, 1, Problem::SubjectLines);
    } else {
        reader.lines(source);
    }
    reader.marked
}

struct Reader<'a> {
    fixed: &'a Fixed<'a>,
    errors: &'a mut Vec<MergeError>,
    marked: Marked,
    /// The token of the open block.
    open: Option<usize>,
    /// Blocks opened and not closed, nested (and so refused) ones included.
    depth: usize,
}

impl Reader<'_> {
    fn note(&mut self, line: usize, column: usize, problem: Problem) {
        self.errors.push(MergeError {
            part: self.marked.part,
            line,
            column,
            problem,
        });
    }

    fn lines(&mut self, source: &str) {
        for (n, line) in source.split('\n').enumerate() {
            if n > 0 {
                self.marked.text.push('\n');
            }
            let stretches = self.line(line.strip_suffix('\r').unwrap_or(line), n + 1);
            self.write(&stretches);
        }
        if let Some(open) = self.open {
            let error = self.marked.error(open, Problem::UnclosedBlock);
            self.marked.tokens[open].token = Token::Text(String::new());
            self.errors.push(error);
        }
    }

    fn line<'s>(&mut self, line: &'s str, number: usize) -> Vec<Stretch<'s>> {
        let mut stretches = Vec::new();
        let mut from = 0;
        let mut search = 0;
        while let Some(at) = line[search..].find("{{").map(|i| search + i) {
            let column = line[..at].chars().count() + 1;
            if line[..at].ends_with('\\') {
                stretches.push(Stretch::Text(&line[from..at - 1]));
                stretches.push(self.token(Token::Text("{{".into()), number, column));
                (from, search) = (at + 2, at + 2);
                continue;
            }
            let inside = at + 2;
            let next_open = line[inside..].find("{{").map(|i| inside + i);
            let stop = next_open.unwrap_or(line.len());
            match line[inside..stop].find("}}").map(|i| inside + i) {
                Some(end) => {
                    stretches.push(Stretch::Text(&line[from..at]));
                    let token = self.read(&line[inside..end], number, column);
                    stretches.push(self.token(token, number, column));
                    self.pair(number, column);
                    (from, search) = (end + 2, end + 2);
                }
                None => {
                    self.note(number, column, Problem::Unclosed);
                    search = stop;
                }
            }
        }
        stretches.push(Stretch::Text(&line[from..]));
        stretches
    }

    fn token(&mut self, token: Token, line: usize, column: usize) -> Stretch<'static> {
        self.marked.tokens.push(Placed {
            token,
            line,
            column,
        });
        Stretch::Token(self.marked.tokens.len() - 1)
    }

    /// Keeps blocks in pairs: whatever does not pair is noted here and becomes nothing.
    fn pair(&mut self, line: usize, column: usize) {
        let last = self.marked.tokens.len() - 1;
        let problem = match (&self.marked.tokens[last].token, self.depth) {
            (Token::If(_), 0) => {
                (self.open, self.depth) = (Some(last), 1);
                return;
            }
            (Token::If(_), _) => {
                self.depth += 1;
                Some(Problem::NestedBlock)
            }
            (Token::EndIf, 0) => Some(Problem::NothingToClose),
            (Token::EndIf, 1) => {
                (self.open, self.depth) = (None, 0);
                return;
            }
            // The end of a nested block, which was noted where it began.
            (Token::EndIf, _) => {
                self.depth -= 1;
                None
            }
            _ => return,
        };
        self.marked.tokens[last].token = Token::Text(String::new());
        if let Some(problem) = problem {
            self.note(line, column, problem);
        }
    }

    /// What the text between two pairs of braces means.
    fn read(&mut self, inside: &str, line: usize, column: usize) -> Token {
        let word: String = inside.split_whitespace().collect::<Vec<_>>().join(" ");
        let lower = word.to_ascii_lowercase();
        let squeezed = lower.replace(' ', "");
        let result = if let Some(code) = squeezed.strip_prefix("#ifhas.") {
            Condition::parse(code)
                .map(Token::If)
                .map_err(|unknown| Problem::UnknownElement(shorten(unknown)))
        } else if squeezed == "/if" {
            Ok(Token::EndIf)
        } else if squeezed == "incident.title" {
            self.fixed_text("incident.title", self.fixed.incident_title)
        } else if let Some(key) = squeezed.strip_prefix("facts.") {
            self.marked.facts.push(key.to_owned());
            self.fixed_text(key, self.fact(key))
        } else {
            Placeholder::from_word(&lower)
                .map(Token::Person)
                .ok_or_else(|| Problem::UnknownPlaceholder(shorten(&word)))
        };
        result.unwrap_or_else(|problem| {
            // An opening that is not understood still opens, or its end would be refused too.
            if squeezed.starts_with("#if") {
                self.depth += 1;
            }
            self.note(line, column, problem);
            Token::Text(String::new())
        })
    }

    fn fact(&self, key: &str) -> &str {
        let mut facts = self.fixed.facts.iter();
        facts
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map_or("", |(_, value)| value)
    }

    fn fixed_text(&self, key: &str, value: &str) -> Result<Token, Problem> {
        let value = without_controls(value.trim());
        if value.is_empty() {
            return Err(Problem::UnknownFact(shorten(key)));
        }
        // A phone number in an Arabic sentence would be shown from its end.
        let isolated = element::is_rtl(self.fixed.locale)
            && !value.contains('\n')
            && !value.contains("://")
            && !value.chars().any(bidi::is_rtl);
        Ok(Token::Text(match isolated {
            true => bidi::left_to_right(&value),
            false => value,
        }))
    }

    /// Writes a line with marks. Block markers alone on a line become blocks of their own.
    fn write(&mut self, stretches: &[Stretch<'_>]) {
        let alone = self.marked.part == Part::Body && self.only_block_markers(stretches);
        let (mark, indent) = (self.marked.mark, indent_of(stretches));
        for stretch in stretches {
            let out = &mut self.marked.text;
            match *stretch {
                Stretch::Token(n) if alone => {
                    out.push_str(&format!("\n{indent}{mark}{n}{mark}\n\n"));
                }
                Stretch::Token(n) => out.push_str(&format!("{mark}{n}{mark}")),
                Stretch::Text(_) if alone => {}
                Stretch::Text(text) => out.push_str(&without_controls(text)),
            }
        }
    }

    fn only_block_markers(&self, stretches: &[Stretch<'_>]) -> bool {
        stretches.len() > 1
            && stretches.iter().all(|stretch| match *stretch {
                Stretch::Text(text) => text.trim().is_empty(),
                Stretch::Token(n) => {
                    matches!(self.marked.tokens[n].token, Token::If(_) | Token::EndIf)
                }
            })
    }
}

fn indent_of<'s>(stretches: &[Stretch<'s>]) -> &'s str {
    match stretches.first() {
        Some(Stretch::Text(text)) => &text[..text.len() - text.trim_start().len()],
        _ => "",
    }
}

fn without_controls(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

fn shorten(word: &str) -> String {
    word.chars().take(40).collect()
}

const PRIVATE_USE: std::ops::RangeInclusive<u32> = 0xE000..=0xF8FF;

/// A private-use character that the source names neither itself nor as a numeric entity (which Markdown would turn into
/// it), so that an author cannot write a mark.
fn free_mark(source: &str) -> Option<char> {
    let literal = source.chars().map(u32::from);
    let entities = source.split("&#").skip(1).filter_map(entity_number);
    let taken: std::collections::HashSet<u32> = literal
        .chain(entities)
        .filter(|c| PRIVATE_USE.contains(c))
        .collect();
    PRIVATE_USE
        .clone()
        .find(|c| !taken.contains(c))
        .and_then(char::from_u32)
}

fn entity_number(after: &str) -> Option<u32> {
    let (digits, radix) = match after.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (after, 10),
    };
    let end = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    u32::from_str_radix(&digits[..end], radix).ok()
}
