//! `/api/v1/elements`: the codes that a list, an audience and a text use for kinds of data.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use serde::Serialize;

use super::Page;
use crate::element::{Element, LOCALES};
use crate::staff::right::SeeIncidents;
use crate::web::caller::Allowed;
use crate::web::problem::Answer;

/// An element, in the JSON of the API.
#[derive(Debug, Serialize)]
struct ElementView {
    code: &'static str,
    /// 1 (low) to 5 (critical).
    severity: u8,
    /// By locale.
    words: BTreeMap<&'static str, &'static str>,
    aliases: &'static [&'static str],
}

/// `GET /elements`: all of them, in the order of the register.
///
/// # Errors
/// None but those of the right.
pub(crate) async fn list(_: Allowed<SeeIncidents>) -> Answer {
    let view = |element: Element| ElementView {
        code: element.code(),
        severity: element.severity(),
        words: LOCALES.map(|locale| (locale, element.words(locale))).into(),
        aliases: element.aliases(),
    };
    let items = Element::ALL.map(view).into();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}
