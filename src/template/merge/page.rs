//! The writing of a text part, step by step: margins, marks of items, empty lines.

use super::condition::Condition;
use super::kept::Form;
use super::person::Person;
use super::pieces::{Piece, fill_plain};
use super::values::MissingValue;
use super::wrap::{self, columns};

/// One step of writing the text part.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Finished lines; the first `margin` bytes give way to an item's marker.
    Lines {
        margin: usize,
        text: String,
    },
    /// An empty line before what follows, if anything stood before.
    Gap(String),
    /// Begins an item: its first line starts with the mark.
    Mark {
        margin: String,
        mark: Mark,
    },
    /// Ends an item: one that showed nothing still shows its mark.
    EndItem(String),
    /// Restarts a counter.
    Count {
        counter: usize,
        from: u64,
    },
    Paragraph(Paragraph),
    Guidance(String),
    If(Vec<Condition>, Vec<Step>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    Text(String),
    /// A number that depends on which items this person sees.
    Number {
        counter: usize,
        width: usize,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paragraph {
    pub(super) margin: String,
    pub(super) pieces: Vec<Piece>,
    pub(super) wrap: bool,
    /// The character of the line under a heading.
    pub(super) underline: Option<char>,
}

/// The mark of an item with a number, padded to a width.
pub(super) fn numbered(number: u64, width: usize) -> Mark {
    Mark::Text(format!("{:<width$}", format!("{number}.")))
}

/// The text part of one person, while it is written.
pub(super) struct Page<'o> {
    out: &'o mut String,
    /// The margin of an empty line that is due.
    gap: Option<String>,
    /// What the next line starts with instead of its margin.
    lead: Option<String>,
    counters: Vec<u64>,
    filled: String,
}

impl<'o> Page<'o> {
    pub(super) fn new(out: &'o mut String) -> Self {
        Self {
            out,
            gap: None,
            lead: None,
            counters: Vec::new(),
            filled: String::new(),
        }
    }

    pub(super) fn steps(
        &mut self,
        steps: &[Step],
        person: &Person<'_>,
    ) -> Result<(), MissingValue> {
        for step in steps {
            match step {
                Step::Lines { margin, text } => {
                    self.start_line(&text[..*margin]);
                    self.out.push_str(&text[*margin..]);
                }
                // Nothing stands between an item's mark and what it shows first.
                Step::Gap(margin) if self.lead.is_none() => self.gap = Some(margin.clone()),
                Step::Gap(_) => {}
                Step::Mark { margin, mark } => self.mark(margin, mark),
                Step::EndItem(margin) => {
                    if self.lead.is_some() {
                        self.start_line(margin);
                    }
                }
                Step::Count { counter, from } => {
                    self.counters
                        .resize(self.counters.len().max(counter + 1), 1);
                    self.counters[*counter] = *from;
                }
                Step::Paragraph(paragraph) => {
                    let mut filled = std::mem::take(&mut self.filled);
                    filled.clear();
                    fill_plain(&paragraph.pieces, person, &mut filled)?;
                    if !filled.trim().is_empty() {
                        self.paragraph(paragraph, &filled);
                    }
                    self.filled = filled;
                }
                Step::Guidance(margin) => self.guidance(margin, person)?,
                Step::If(any, inner) if person.has_any(any) => self.steps(inner, person)?,
                Step::If(..) => {}
            }
        }
        Ok(())
    }

    fn mark(&mut self, margin: &str, mark: &Mark) {
        let mut lead = self.lead.take().unwrap_or_else(|| margin.into());
        match mark {
            Mark::Text(text) => lead.push_str(text),
            Mark::Number { counter, width } => {
                let number = &mut self.counters[*counter];
                lead.push_str(&format!("{:<width$}", format!("{number}.")));
                *number = number.saturating_add(1);
            }
        }
        self.lead = Some(lead);
    }

    fn start_line(&mut self, margin: &str) {
        let gap = self.gap.take();
        if !self.out.is_empty() {
            self.out.push('\n');
            if let Some(gap) = gap {
                self.out.push_str(&gap);
                self.out.push('\n');
            }
        }
        match self.lead.take() {
            Some(lead) => self.out.push_str(&lead),
            None => self.out.push_str(margin),
        }
    }

    pub(super) fn paragraph(&mut self, paragraph: &Paragraph, text: &str) {
        let margin = &paragraph.margin;
        self.start_line(margin);
        let from = self.out.rfind('\n').map_or(0, |end| end + 1);
        if paragraph.wrap {
            wrap::wrap(text, margin, self.out);
        } else {
            let lines = text.strip_suffix('\n').unwrap_or(text);
            self.out
                .push_str(&lines.replace('\n', &format!("\n{margin}")));
        }
        if let Some(line) = paragraph.underline {
            let widest = self.out[from..].lines().map(columns).max().unwrap_or(0);
            let width = widest.saturating_sub(columns(margin)).min(wrap::WIDTH);
            self.start_line(margin);
            self.out.extend(std::iter::repeat_n(line, width));
        }
    }

    fn guidance(&mut self, margin: &str, person: &Person<'_>) -> Result<(), MissingValue> {
        if self.lead.is_some() {
            return self.advise(margin, person);
        }
        let form = Form::Text(margin.to_owned());
        let advice = |to: &mut String| Page::new(to).advise(margin, person);
        let advice = person.written_guidance(form, advice)?;
        self.start_line("");
        self.out.push_str(&advice);
        Ok(())
    }

    fn advise(&mut self, margin: &str, person: &Person<'_>) -> Result<(), MissingValue> {
        let inside = format!("{margin}   ");
        for (n, advice) in person.guidance()?.iter().enumerate() {
            if n > 0 {
                self.gap = Some(margin.trim_end().into());
            }
            self.mark(margin, &numbered(n as u64 + 1, 3));
            self.start_line(margin);
            wrap::wrap(
                &format!("{}\n{}", advice.title, advice.text),
                &inside,
                self.out,
            );
        }
        Ok(())
    }
}
