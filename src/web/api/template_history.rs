//! `/api/v1/templates/{template}/…`: the versions of a template, what differs between two, its copies and its end. And
//! `/api/v1/starting-texts`: what a template can begin with.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::templates::shown;
use super::{Json, OrNothing, Page};
use crate::app::App;
use crate::id::{CampaignId, StaffId, TemplateId};
use crate::staff::right::{EditTemplate, SeeTemplates};
use crate::template::diff::{self, Piece};
use crate::template::starting_text::{self, StartingText};
use crate::template::{Variants, manage, store};
use crate::web::caller::Allowed;
use crate::web::problem::{Answer, Problem};

/// A version in a list, in the JSON of the API.
#[derive(Debug, Serialize)]
struct VersionView {
    version: i32,
    created_by: StaffId,
    created_at: DateTime<Utc>,
    locales: Vec<String>,
    changed: Vec<String>,
    campaigns: Vec<CampaignId>,
}

/// `GET /templates/{id}/versions`: all of them, the newest first.
///
/// # Errors
/// 404.
pub(crate) async fn versions(
    _: Allowed<SeeTemplates>,
    app: Data<App>,
    id: Path<TemplateId>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let versions = store::versions(&mut conn, *id).await?;
    if versions.is_empty() {
        return Err(Problem::not_found());
    }
    let uses = store::uses(&mut conn, *id).await?;
    let campaigns = |version: i32| {
        let using = uses.iter().filter(|one| one.version == version);
        using.map(|one| one.campaign).collect()
    };
    let view = |one: store::Version| VersionView {
        campaigns: campaigns(one.version),
        version: one.version,
        created_by: one.by,
        created_at: one.at,
        locales: one.locales,
        changed: one.changed,
    };
    let items: Vec<_> = versions.into_iter().map(view).collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// The query of [`diff()`].
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Compared {
    from: Option<i32>,
    to: Option<i32>,
    locale: Option<String>,
}

/// What differs in the text of one language, in the JSON of the API.
#[derive(Debug, Serialize)]
struct TextDiff {
    subject: Vec<Piece>,
    body: Vec<Piece>,
}

/// What differs between two versions, in the JSON of the API.
#[derive(Debug, Serialize)]
struct DiffView {
    from: i32,
    to: i32,
    texts: BTreeMap<String, TextDiff>,
}

/// `GET /templates/{id}/diff`: the texts that differ, the newest version against the one before it if none is named.
///
/// # Errors
/// 404.
pub(crate) async fn diff(
    _: Allowed<SeeTemplates>,
    app: Data<App>,
    id: Path<TemplateId>,
    asked: Query<Compared>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let newer = store::find(&mut conn, *id, asked.to).await?;
    let from = asked.from.unwrap_or_else(|| (newer.version - 1).max(1));
    let older = store::find(&mut conn, *id, Some(from)).await?;
    let mut locales: BTreeSet<&String> = older.variants.keys().collect();
    locales.extend(newer.variants.keys());
    let is_asked = |locale: &String| asked.locale.as_ref().is_none_or(|one| one == locale);
    let differing = locales.into_iter().filter(|locale| {
        is_asked(locale) && older.variants.get(*locale) != newer.variants.get(*locale)
    });
    let texts = differing
        .map(|locale| {
            let of = |variants: &Variants| {
                let text = variants.get(locale);
                text.map_or_else(Default::default, |text| {
                    (text.subject.clone(), text.body.clone())
                })
            };
            let (was, is) = (of(&older.variants), of(&newer.variants));
            let (subject, body) = (diff::words(&was.0, &is.0), diff::words(&was.1, &is.1));
            (locale.clone(), TextDiff { subject, body })
        })
        .collect();
    Ok(HttpResponse::Ok().json(DiffView {
        from,
        to: newer.version,
        texts,
    }))
}

/// The body of [`copy`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Copy {
    name: String,
    version: Option<i32>,
}

/// `POST /templates/{id}/copy`: the new template.
///
/// # Errors
/// 404, a name in use.
pub(crate) async fn copy(
    who: Allowed<EditTemplate>,
    app: Data<App>,
    id: Path<TemplateId>,
    of: Json<Copy>,
) -> Answer {
    let Copy { name, version } = of.0;
    let id = manage::copy(&app, who.id, (*id, version), &name).await?;
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, format!("/api/v1/templates/{id}")));
    shown(&app, answer, id, None).await
}

/// The body of [`delete`]; everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Seen {
    version: Option<i32>,
}

/// `POST /templates/{id}/delete`.
///
/// # Errors
/// 404, 409 if a campaign uses it or another version was saved since.
pub(crate) async fn delete(
    who: Allowed<EditTemplate>,
    app: Data<App>,
    id: Path<TemplateId>,
    seen: OrNothing<Seen>,
) -> Answer {
    manage::delete(&app, who.id, *id, seen.0.version).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "template": *id, "deleted": true })))
}

/// A starting text, in the JSON of the API.
#[derive(Debug, Serialize)]
struct StartView {
    key: &'static str,
    title: &'static str,
    about: &'static str,
    facts: &'static [String],
    variants: &'static Variants,
}

/// `GET /starting-texts`.
pub(crate) async fn starting_texts(_: Allowed<SeeTemplates>) -> Answer {
    let view = |of: &'static StartingText| StartView {
        key: of.key,
        title: &of.title,
        about: &of.about,
        facts: &of.facts,
        variants: &of.variants,
    };
    let items: Vec<_> = starting_text::all().iter().map(view).collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}
