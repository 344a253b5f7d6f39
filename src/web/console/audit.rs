//! Every act of staff, the latest first, each chained to the one before.

use askama::Template;

use crate::web::figures::filters;
use crate::web::page::{Desk, Moment};

/// `/console/audit`
#[derive(Template)]
#[template(path = "console/audit.html")]
pub struct AuditLog {
    /// The frame.
    pub desk: Desk,
    /// One page of it.
    pub rows: Vec<AuditRow>,
    /// The number to go on before.
    pub before: Option<i64>,
}

/// One act.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Its place in the chain.
    pub number: i64,
    /// When.
    pub at: Moment,
    /// Who.
    pub who: String,
    /// What: `campaign.approve`.
    pub what: String,
    /// On what: a typed id.
    pub on: String,
    /// The start of its hash.
    pub hash: String,
}
