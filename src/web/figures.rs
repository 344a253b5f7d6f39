//! Figures as people read them, as bars and as a chart: all geometry is computed here, so that
//! pages need neither inline styles nor script.

use askama::Values;

/// Template filters; a page's file says `use crate::web::figures::filters;`.
pub mod filters {
    #![expect(
        missing_docs,
        reason = "the macro drops the comments of what it generates"
    )]

    use super::{Values, Whole};
    use crate::web::page::Tone;

    /// `48,213,004`: exact, for figures that prove something.
    #[askama::filter_fn]
    pub fn count(n: impl Whole, _: &dyn Values) -> askama::Result<String> {
        Ok(super::count(n.whole()))
    }

    /// `48.2 M`: rounded, for figures that would only jitter.
    #[askama::filter_fn]
    pub fn rounded(n: impl Whole, _: &dyn Values) -> askama::Result<String> {
        Ok(super::rounded(n.whole()))
    }

    /// `in review` for `in_review`.
    #[askama::filter_fn]
    pub fn plain(state: &str, _: &dyn Values) -> askama::Result<String> {
        Ok(state.replace('_', " "))
    }

    /// `What happened` for `what_happened`.
    #[askama::filter_fn]
    pub fn headed(key: &str, _: &dyn Values) -> askama::Result<String> {
        let words = key.replace('_', " ");
        let mut letters = words.chars();
        let first = letters
            .next()
            .map(|c| c.to_uppercase().to_string())
            .unwrap_or_default();
        Ok(first + letters.as_str())
    }

    /// A table whose cells say which column they are of, for pages too narrow for columns.
    #[askama::filter_fn]
    pub fn labelled(
        table: impl std::fmt::Display,
        _: &dyn Values,
    ) -> askama::Result<askama::filters::Safe<String>> {
        Ok(askama::filters::Safe(super::labelled(&table.to_string())))
    }

    /// The tone of a state word.
    #[askama::filter_fn]
    pub fn tone(state: &str, _: &dyn Values) -> askama::Result<Tone> {
        Ok(Tone::of(state))
    }
}

/// Writes into each cell of the body of a table the head of its column as `data-label`. The markup is our own: heads hold
/// text and tags without nested cells.
pub fn labelled(table: &str) -> String {
    let Some((head, body)) = table.split_once("</thead>") else {
        return table.to_owned();
    };
    let heads: Vec<String> = head.split("<th").skip(2).map(words).collect();
    let mut out = String::with_capacity(table.len() * 2);
    out.push_str(head);
    out.push_str("</thead>");
    let (mut rest, mut column) = (body, 0);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let cell = ["<td", "<th"].into_iter().find(|name| {
            let after = tag.strip_prefix(name);
            after.is_some_and(|after| after.starts_with([' ', '>']))
        });
        match cell {
            Some(name) => {
                out.push_str(name);
                // A cell over several columns belongs to none of them.
                let is_wide = tag
                    .split('>')
                    .next()
                    .is_some_and(|tag| tag.contains(" colspan="));
                let label = heads.get(column).filter(|label| !label.is_empty());
                if let Some(label) = label.filter(|_| !is_wide) {
                    out.push_str(" data-label=\"");
                    out.push_str(label);
                    out.push('"');
                }
                column += 1;
                rest = &tag[name.len()..];
            }
            None => {
                if tag.starts_with("<tr") {
                    column = 0;
                }
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The text of a head of a table, which follows `<th`.
fn words(head: &str) -> String {
    let cell = head.split("</th>").next().unwrap_or_default();
    let text = cell.split_once('>').map_or("", |(_, text)| text);
    let mut words = String::new();
    let mut inside = false;
    for letter in text.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            '"' if !inside => words.push_str("&quot;"),
            letter if !inside => words.push(letter),
            _ => {}
        }
    }
    words.trim().to_owned()
}

/// A whole number, however many references a template put before it.
pub trait Whole {
    /// The number.
    fn whole(&self) -> i64;
}

impl Whole for i64 {
    fn whole(&self) -> i64 {
        *self
    }
}

impl<N: Whole + ?Sized> Whole for &N {
    fn whole(&self) -> i64 {
        (*self).whole()
    }
}

/// `48,213,004`.
pub fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0 {
        out.push('−');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `612`, `12.4 k`, `48.2 M`: three figures at most, rounded down so that nothing is claimed early.
pub fn rounded(n: i64) -> String {
    let (unit, word) = match n.unsigned_abs() {
        0..10_000 => return count(n),
        10_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "bn"),
    };
    let (whole, tenth) = (n / unit, (n % unit).abs() * 10 / unit);
    if whole.abs() >= 100 || tenth == 0 {
        format!("{whole} {word}")
    } else {
        format!("{whole}.{tenth} {word}")
    }
}

/// One part of a bar, with its key below.
#[derive(Debug, Clone)]
pub struct Part {
    /// The word of the key.
    pub name: &'static str,
    /// Its figure.
    pub figure: i64,
    /// Which fill: `done`, `busy`, `look`, `idle` or `act`.
    pub fill: &'static str,
}

/// A rectangle of a drawing, in the drawing's own units.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "SVG's own names")]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub fill: &'static str,
}

/// Lays parts side by side on a bar 1000 wide; whatever is not zero stays visible.
pub fn lay(parts: &[Part]) -> Vec<Rect> {
    const LEAST: f64 = 4.0;
    let whole: i64 = parts.iter().map(|p| p.figure.max(0)).sum();
    let seen = parts.iter().filter(|p| p.figure > 0);
    let widths: Vec<(f64, &'static str)> = seen
        .map(|p| ((p.figure as f64 / whole as f64 * 1000.0).max(LEAST), p.fill))
        .collect();
    let scale = 1000.0 / widths.iter().map(|w| w.0).sum::<f64>().max(1.0);
    let mut x = 0.0;
    let place = |(width, fill): (f64, &'static str)| {
        let rect = Rect {
            x: tenth(x),
            y: 0.0,
            width: tenth(width * scale - 1.5),
            height: 10.0,
            fill,
        };
        x += width * scale;
        rect
    };
    widths.into_iter().map(place).collect()
}

/// Keeps drawings short: one decimal is finer than any screen here.
fn tenth(n: f64) -> f64 {
    (n * 10.0).round() / 10.0
}

/// Stacked columns over time, with the same figures as a table for whoever cannot see them.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    /// What is shown, with its unit.
    pub title: String,
    /// The layers from the bottom up: word and fill.
    pub layers: Vec<(&'static str, &'static str)>,
    /// The columns in order.
    pub columns: Vec<Column>,
}

/// One column of a chart.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its place on the axis, e.g. `14:05`.
    pub label: String,
    /// One figure per layer.
    pub figures: Vec<i64>,
    /// Something that began here, e.g. `canary ends`.
    pub mark: Option<String>,
}

/// A word at a place in a drawing.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "SVG's own names")]
pub struct Word {
    pub x: f64,
    pub y: f64,
    pub text: String,
}

impl Chart {
    const LEFT: f64 = 44.0;
    const RIGHT: f64 = 400.0;
    const TOP: f64 = 26.0;
    const FOOT: f64 = 170.0;
    /// Room for the word of a mark.
    const WORD: f64 = 65.0;

    /// The value at the top of the axis: 1, 2 or 5 times a power of ten.
    pub fn ceiling(&self) -> i64 {
        let most = self
            .columns
            .iter()
            .map(|c| c.figures.iter().sum::<i64>())
            .max()
            .unwrap_or(0);
        let mut step = 1_i64;
        loop {
            for factor in [1, 2, 4, 5] {
                if step.saturating_mul(factor) >= most {
                    return step.saturating_mul(factor);
                }
            }
            step = step.saturating_mul(10);
        }
    }

    /// Grid lines: height and label, from nothing to the ceiling.
    pub fn grid(&self) -> Vec<Word> {
        let line = |quarter: i64| Word {
            x: Self::LEFT - 6.0,
            y: tenth(Self::FOOT - (Self::FOOT - Self::TOP) * quarter as f64 / 2.0),
            text: rounded(self.ceiling() * quarter / 2),
        };
        (0..=2).map(line).collect()
    }

    /// A few columns stand at the beginning, as narrow as many would.
    fn step(&self) -> f64 {
        (Self::RIGHT - Self::LEFT) / self.columns.len().max(12) as f64
    }

    /// Every block of every column.
    pub fn blocks(&self) -> Vec<Rect> {
        let (step, top) = (self.step(), self.ceiling() as f64);
        let mut blocks = Vec::new();
        for (i, column) in self.columns.iter().enumerate() {
            let mut foot = Self::FOOT;
            for (figure, layer) in column.figures.iter().zip(&self.layers) {
                let height = (Self::FOOT - Self::TOP) * *figure as f64 / top;
                foot -= height;
                if *figure > 0 {
                    let x = tenth(Self::LEFT + step * i as f64 + step * 0.1);
                    let (y, width) = (tenth(foot), tenth(step * 0.8));
                    blocks.push(Rect {
                        x,
                        y,
                        width,
                        height: tenth(height),
                        fill: layer.1,
                    });
                }
            }
        }
        blocks
    }

    /// At most five labels along the axis.
    pub fn labels(&self) -> Vec<Word> {
        let every = self.columns.len().div_ceil(5).max(1);
        self.at(
            |i, c| (i % every == 0).then(|| c.label.clone()),
            Self::FOOT + 16.0,
        )
    }

    /// What began where; a word that the next would cover is left out.
    pub fn marks(&self) -> Vec<Word> {
        let all = self.at(|_, c| c.mark.clone(), Self::TOP - 10.0);
        let nexts = all.iter().skip(1).map(|next| next.x);
        let nexts: Vec<f64> = nexts.chain([f64::INFINITY]).collect();
        let shown = all.into_iter().zip(nexts);
        shown
            .filter(|(mark, next)| next - mark.x >= Self::WORD)
            .map(|(mark, _)| mark)
            .collect()
    }

    /// Whether a word at this place has to end there, not to leave the drawing.
    pub fn ends(x: &f64) -> bool {
        *x > Self::RIGHT - Self::WORD
    }

    fn at(&self, text: impl Fn(usize, &Column) -> Option<String>, y: f64) -> Vec<Word> {
        let place = |(i, c): (usize, &Column)| {
            let x = tenth(Self::LEFT + self.step() * i as f64);
            text(i, c).map(|text| Word { x, y, text })
        };
        self.columns.iter().enumerate().filter_map(place).collect()
    }

    /// The sum of one layer: its direct label.
    pub fn total(&self, layer: &usize) -> i64 {
        self.columns
            .iter()
            .filter_map(|c| c.figures.get(*layer))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(count(48_213_004), "48,213,004");
        assert_eq!(count(-1_000), "−1,000");
        assert_eq!(
            [612, 12_410, 48_213_004].map(rounded),
            ["612", "12.4 k", "48.2 M"]
        );
        assert_eq!([999_999, 76_600_000_000].map(rounded), ["999 k", "76.6 bn"]);
    }

    #[test]
    fn a_bar_is_filled_exactly_and_hides_nothing() {
        let part = |figure, fill| Part {
            name: "",
            figure,
            fill,
        };
        let bar = lay(&[part(10_000_000, "done"), part(1, "act"), part(0, "look")]);
        assert_eq!(bar.len(), 2);
        assert!(
            bar[1].width >= 2.0,
            "one person among ten million is still seen"
        );
        assert!((bar[1].x + bar[1].width - 1000.0).abs() < 2.0);
    }

    #[test]
    fn e12_each_cell_of_a_table_says_which_column_it_is_of() {
        let table = "<thead><tr><th scope=\"col\">Who</th><th scope=\"col\" class=\"num\">To “be” <b>told</b></th><th>\"</th></tr></thead>\
            <tbody><tr><th scope=\"row\">Ana<p>x</p></th><td class=\"num\">1</td><td></td></tr><tr><th>Bo</th><td>2</td></tr></tbody>";
        let labelled = labelled(table);
        for cell in [
            "<th data-label=\"Who\" scope=\"row\">Ana<p>x</p></th>",
            "<td data-label=\"To “be” told\" class=\"num\">1</td>",
            "<td data-label=\"&quot;\"></td>",
            "<td data-label=\"To “be” told\">2</td>",
        ] {
            assert!(labelled.contains(cell), "{labelled}");
        }
        assert_eq!(labelled.matches("data-label").count(), 5);
    }

    #[test]
    fn a_chart_stays_inside_its_frame() {
        let column = |n| Column {
            label: String::new(),
            figures: vec![n],
            mark: None,
        };
        let chart = Chart {
            layers: vec![("sent", "done")],
            columns: vec![column(0), column(3_120), column(i64::MAX / 4)],
            ..Chart::default()
        };
        assert!(
            chart
                .blocks()
                .iter()
                .all(|b| b.y >= Chart::TOP && b.x + b.width <= Chart::RIGHT)
        );
    }

    #[test]
    fn a_mark_that_the_next_would_cover_is_left_out() {
        let marked = |places: &[usize]| {
            let column = |n: usize| Column {
                label: String::new(),
                figures: vec![1],
                mark: places.contains(&n).then(|| n.to_string()),
            };
            let chart = Chart {
                columns: (0..12).map(column).collect(),
                ..Chart::default()
            };
            let marks = chart.marks().into_iter();
            let words = marks.map(|mark| (mark.text, Chart::ends(&mark.x)));
            words.collect::<Vec<_>>()
        };
        let mark = |n: usize, ends| (n.to_string(), ends);
        assert_eq!(marked(&[0, 1]), [mark(1, false)]);
        assert_eq!(marked(&[0, 11]), [mark(0, false), mark(11, true)]);
    }
}
