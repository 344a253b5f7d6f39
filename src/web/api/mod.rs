//! The API: JSON in and out, versions, and lists that are paged by key.
//!
//! `incidents.rs` is the model for the other nouns: a view for the JSON of answers, a struct for the JSON of
//! bodies, and handlers that call one store or one verb.

pub(crate) mod audiences;
pub(crate) mod campaign_audience;
pub(crate) mod campaign_drafts;
pub(crate) mod campaign_review;
pub(crate) mod campaign_tests;
pub(crate) mod campaign_view;
pub(crate) mod campaigns;
pub(crate) mod claims;
pub(crate) mod elements;
pub(crate) mod incidents;
mod json_errors;
pub(crate) mod letters;
pub(crate) mod lint;
pub(crate) mod notices;
pub(crate) mod people;
pub(crate) mod recalls;
pub(crate) mod scopes;
pub(crate) mod sending;
pub(crate) mod template_history;
pub(crate) mod templates;
pub(crate) mod ticket_view;
pub(crate) mod tickets;
pub(crate) mod waivers;

use actix_web::dev::Payload;
use actix_web::error::QueryPayloadError;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::web::problem::{Kind, Problem};
use crate::web::{body, control_characters};

/// A JSON body. An error names the path of the wrong member.
#[derive(Debug)]
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let typed = req.content_type().eq_ignore_ascii_case("application/json");
        let body = body::whole(req, payload);
        Box::pin(async move {
            if !typed {
                return Err(untyped());
            }
            Ok(Self(read(&body.await?)?))
        })
    }
}

fn untyped() -> Problem {
    Problem::new(Kind::WrongType).because("send application/json")
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    control_characters::check_json(body)?;
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|e| {
        let path = e.path().to_string();
        Problem::new(Kind::BadRequest)
            .because(json_errors::in_words(&e.into_inner()))
            .with("at", path)
    })?;
    json.end()
        .map_err(|e| Problem::new(Kind::BadRequest).because(e))?;
    Ok(read)
}

/// A JSON body that may be left out: an empty body means the default, with or without a Content-Type.
#[derive(Debug)]
pub(crate) struct OrNothing<T>(pub T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for OrNothing<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let typed = req.content_type().eq_ignore_ascii_case("application/json");
        let body = body::whole(req, payload);
        Box::pin(async move {
            let body = body.await?;
            match typed {
                _ if body.is_empty() => Ok(Self(T::default())),
                true => Ok(Self(read(&body)?)),
                false => Err(untyped()),
            }
        })
    }
}

/// The problem of a query that cannot be read.
pub(crate) fn bad_query(why: &QueryPayloadError) -> Problem {
    let why = match why {
        QueryPayloadError::Deserialize(why) => json_errors::in_words(why),
        other => other.to_string(),
    };
    Problem::new(Kind::BadRequest).because(why)
}

/// An answer with a version: the ETag is what `If-Match` sends back.
pub(crate) fn versioned(
    mut answer: actix_web::HttpResponseBuilder,
    version: i32,
    view: &impl Serialize,
) -> HttpResponse {
    answer
        .insert_header((header::ETAG, format!("\"{version}\"")))
        .json(view)
}

/// The version that the caller has seen: `If-Match`, else `version` in the body.
///
/// # Errors
/// [`Kind::VersionMissing`], or [`Kind::BadRequest`] for an `If-Match` that is no ETag of ours.
pub(crate) fn seen_version(req: &HttpRequest, in_body: Option<i32>) -> Result<i32, Problem> {
    let Some(tag) = req.headers().get(header::IF_MATCH) else {
        return in_body.ok_or(Problem::new(Kind::VersionMissing));
    };
    tag.to_str()
        .ok()
        .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'))
        .and_then(|version| version.parse().ok())
        .ok_or_else(|| Problem::new(Kind::BadRequest).because("If-Match is not an ETag from here"))
}

/// The part of a query that asks for a page: `Query<Paging>`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Paging {
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// The largest number of items: 50 by default, at most 200.
    pub limit: Option<i64>,
}

impl Paging {
    /// How many items to show. Ask the store for one more: [`Page::of`] knows from it whether there is
    /// a next page.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] outside 1 to 200.
    pub(crate) fn limit(&self) -> Result<i64, Problem> {
        let limit = self.limit.unwrap_or(50);
        let fits = (1..=200).contains(&limit);
        fits.then_some(limit)
            .ok_or_else(|| Problem::new(Kind::BadRequest).because("limit must be 1 to 200"))
    }

    /// The sort key of the last item seen, if this is not the first page.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] for a cursor that is not from here.
    pub(crate) fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let read = |cursor: &String| {
            let json = URL_SAFE_NO_PAD.decode(cursor).ok()?;
            serde_json::from_slice(&json).ok()
        };
        let wrong = || Problem::new(Kind::BadRequest).because("this cursor is not from here");
        self.cursor
            .as_ref()
            .map(|cursor| read(cursor).ok_or_else(wrong))
            .transpose()
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The cursor of a sort key.
    pub(crate) fn cursor(key: &impl Serialize) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
    }

    /// A page of `rows`; there may be one row more than `limit`. `key` is a row's sort key,
    /// unique among rows; `view` what is shown of it.
    pub(crate) fn of<R, K: Serialize>(
        mut rows: Vec<R>,
        limit: i64,
        key: impl Fn(&R) -> K,
        view: impl Fn(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let cursor = |row: &R| Self::cursor(&key(row));
        Self {
            next: rows.last().filter(|_| more).map(cursor),
            items: rows.into_iter().map(view).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_by_key() {
        let page = Page::of(vec![1, 2, 3], 2, |n| ("k".to_owned(), *n), |n| n * 10);
        assert_eq!(page.items, [10, 20]);
        let next = Paging {
            cursor: page.next,
            limit: None,
        };
        assert_eq!(
            next.after::<(String, i32)>().expect("ours"),
            Some(("k".to_owned(), 2))
        );
        assert!(Page::of(vec![1, 2], 2, |n| *n, |n| n).next.is_none());
    }

    #[test]
    fn a_foreign_cursor_or_limit_is_refused() {
        let paging = |cursor: &str, limit| Paging {
            cursor: Some(cursor.to_owned()),
            limit: Some(limit),
        };
        assert!(paging("junk", 1).after::<i32>().is_err());
        assert!(paging("", 0).limit().is_err());
        assert!(paging("", 201).limit().is_err());
        assert_eq!(Paging::default().limit().expect("the default"), 50);
    }
}
