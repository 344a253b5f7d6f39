//! The loops: they claim work, hand it on and record what became of it. No rule is made here.

pub mod courier;
