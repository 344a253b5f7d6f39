//! A stacked column chart as SVG.

use super::bar::{Rect, tenth};
use super::rounded;

/// Stacked columns over time. The page shows the same figures as a table for readers who cannot see the chart.
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

    /// The width of a column; a few columns are as narrow as twelve.
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
    fn a_mark_that_the_next_one_would_cover_is_left_out() {
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
