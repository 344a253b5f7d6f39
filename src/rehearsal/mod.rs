//! An invented breach to practise on: the founding case retold for a carrier that does not
//! exist, with people made from a seed. Nothing here is stored as a data file, and no real
//! person, address or firm appears.
//!
//! `people.rs` makes the affected, `list.rs` writes them as CSV, `facts.rs` tells what
//! happened, `texts.rs` has the notices and `talks.rs` the questions and answers. `walk.rs` and `questions.rs`
//! do with them what console and API do.

pub mod carrier;
mod dice;
mod facts;
mod list;
mod names;
mod people;
mod places;
mod questions;
mod talks;
mod texts;
pub(crate) mod walk;

pub use facts::{ORGANISATION, PHONE, PHONE_HOURS, SLUG, TITLE, Update, fact_sheet, updates};
pub use list::{BAD_ROWS, COLUMNS, Written, write_csv};
pub use people::{Cohort, Made, Plan};
pub use talks::{TALKS, Talk};
pub use texts::{Variant, initial, supplement};
