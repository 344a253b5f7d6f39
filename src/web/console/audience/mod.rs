//! The audience builder: who a campaign goes to, as a sentence with numbers that add up.

pub(crate) mod draft;
pub(crate) mod lists;
pub(crate) mod page;
pub(crate) mod people;
pub mod sentence;
pub(crate) mod typed;
pub(crate) mod words;
