//! By what the account of an incident is divided.

use crate::pg_enum;

pg_enum! {
    /// By what the account is divided.
    pub enum AccountKind: AccountKind {
        /// By the law that applies; empty if it is not known.
        Jurisdiction = "jurisdiction",
        /// By the language they read.
        Locale = "locale",
        /// By what was exposed: a person counts once for each element.
        Element = "element",
        /// By why they are withheld.
        Reason = "reason",
    }
}
