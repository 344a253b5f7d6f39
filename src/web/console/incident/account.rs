//! The account of an incident in full: every figure divided by jurisdiction, language, element and reason.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::incident_at;
use crate::account::AccountKind;
use crate::account::by::{Slice, whole};
use crate::app::App;
use crate::staff::Right;
use crate::staff::right::SeeIncidents;
use crate::web::caller::Allowed;
use crate::web::console::{Account, answer};
use crate::web::figures::filters;
use crate::web::page::{self, Area, ConsoleFrame};
use crate::web::problem::Answer;

/// `/console/incidents/{slug}/account`
#[derive(Template)]
#[template(path = "console/incident/account.html")]
pub(crate) struct AccountPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// The account of the whole incident.
    pub account: Account,
    /// The same figures by each property.
    pub parts: Vec<PartTable>,
    /// Whether the reader may see the people behind a figure.
    pub may_see: bool,
}

/// The figures by one property.
#[derive(Debug, Clone)]
pub(crate) struct PartTable {
    /// `jurisdiction`, `locale`, `element` or `reason`.
    pub kind: &'static str,
    /// The values of the property, the most people first.
    pub slices: Vec<Slice>,
}

impl AccountPage {
    fn tone(&self, n: &i64) -> &'static str {
        if *n == 0 { "done" } else { "look" }
    }

    fn to(&self, path: &str) -> String {
        format!("/console/incidents/{}/{path}", self.slug)
    }

    /// The figures of a row, each with the standing of the people that it counts. `unnamed`: notified people who were
    /// not told of every exposed element.
    fn figures(&self, of: &Slice) -> [(&'static str, i64); 6] {
        [
            ("", of.people),
            ("notified", of.notified),
            ("in_progress", of.in_progress),
            ("needs_letter", of.needs_letter),
            ("withheld", of.withheld),
            ("unnamed", of.unnotified_elements),
        ]
    }

    /// The address of the list of the people behind a figure.
    fn behind(&self, kind: &str, value: &str, standing: &str) -> String {
        let rest = match standing {
            "" => String::new(),
            "unnamed" => "&standing=notified&incomplete=true".to_owned(),
            standing => format!("&standing={standing}"),
        };
        format!("{}?{kind}={value}{rest}", self.to("people"))
    }
}

/// `GET /console/incidents/{slug}/account`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeIncidents>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let of = incident_at(&mut conn, &slug).await?;
    let desk = answer::frame(&app, &mut conn, &req, &who, Area::Incidents).await?;
    drop(conn);
    let (counted, parts) = whole(&app, of.id, AccountKind::ALL).await?;
    let table = |(kind, slices): (&AccountKind, _)| PartTable {
        kind: kind.as_str(),
        slices,
    };
    let shown = AccountPage {
        desk,
        slug: of.slug,
        title: of.title,
        account: Account::of(&counted, app.now()),
        parts: AccountKind::ALL.iter().zip(parts).map(table).collect(),
        may_see: who.may(Right::SeeAllPeople),
    };
    Ok(page::show(StatusCode::OK, &shown)?)
}
