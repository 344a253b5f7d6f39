//! Templates in the database.

mod history;
mod latest;

pub(crate) use latest::latest_texts;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;

pub(crate) use self::history::{
    Use, Version, about, delete, lock_versions, uses, versions, with_words,
};
use super::{Template, Variants};
use crate::db::schema::{template, template_variant, template_version};
use crate::db::{Conn, Error, Result};
use crate::element::ElementSet;
use crate::id::{StaffId, TemplateId};

/// Inserts a template without versions.
///
/// # Errors
/// `Conflict("template_name_is_taken")`.
pub(crate) async fn insert(
    conn: &mut Conn,
    id: TemplateId,
    name: &str,
    by: StaffId,
    at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(template::table)
        .values((
            template::id.eq(id),
            template::name.eq(name),
            template::created_by.eq(by),
            template::created_at.eq(at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The number of the newest version, which stays the newest until the transaction ends: the template's row is locked.
///
/// # Errors
/// `Missing` without such a template.
pub(crate) async fn lock(conn: &mut Conn, id: TemplateId) -> Result<i32> {
    template::table
        .find(id)
        .select(template::id)
        .for_update()
        .first::<TemplateId>(conn)
        .await?;
    Ok(latest(conn, id).await?.unwrap_or(0))
}

/// Who wrote a version, and when.
///
/// # Errors
/// `Missing`.
pub(crate) async fn written_by(
    conn: &mut Conn,
    id: TemplateId,
    version: i32,
) -> Result<(StaffId, DateTime<Utc>)> {
    Ok(template_version::table
        .find((id, version))
        .select((template_version::created_by, template_version::created_at))
        .first(conn)
        .await?)
}

/// Inserts a version with its variants. The template is new, or the caller has locked it.
///
/// # Errors
/// A conflict if it has this version already.
pub(crate) async fn insert_version(
    conn: &mut Conn,
    (id, version): (TemplateId, i32),
    (variants, names): (&Variants, ElementSet),
    by: StaffId,
    at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(template_version::table)
        .values((
            template_version::template_id.eq(id),
            template_version::version.eq(version),
            template_version::created_by.eq(by),
            template_version::created_at.eq(at),
            template_version::names.eq(names.bits()),
        ))
        .execute(conn)
        .await?;
    let rows: Vec<_> = variants
        .iter()
        .map(|(locale, variant)| {
            (
                template_variant::template_id.eq(id),
                template_variant::version.eq(version),
                template_variant::locale.eq(locale),
                template_variant::subject.eq(&variant.subject),
                template_variant::body.eq(&variant.body),
            )
        })
        .collect();
    diesel::insert_into(template_variant::table)
        .values(rows)
        .execute(conn)
        .await?;
    Ok(())
}

async fn latest(conn: &mut Conn, id: TemplateId) -> Result<Option<i32>> {
    Ok(template_version::table
        .filter(template_version::template_id.eq(id))
        .select(max(template_version::version))
        .first(conn)
        .await?)
}

/// The parts in which two versions of a template differ, such as `en: body`; empty if a version is missing.
///
/// # Errors
/// The database's.
pub(crate) async fn changed(
    conn: &mut Conn,
    id: TemplateId,
    from: i32,
    to: i32,
) -> Result<Vec<String>> {
    let both = find_many(conn, &[(id, from), (id, to)]).await?;
    let of = |version| both.iter().find(|one| one.version == version);
    let (Some(from), Some(to)) = (of(from), of(to)) else {
        return Ok(Vec::new());
    };
    let locales: BTreeSet<&String> = from.variants.keys().chain(to.variants.keys()).collect();
    let mut parts = Vec::new();
    for locale in locales {
        match (from.variants.get(locale), to.variants.get(locale)) {
            (Some(was), Some(is)) => {
                if was.subject != is.subject {
                    parts.push(format!("{locale}: subject"));
                }
                if was.body != is.body {
                    parts.push(format!("{locale}: body"));
                }
            }
            (None, _) => parts.push(format!("{locale}: new")),
            (_, None) => parts.push(format!("{locale}: removed")),
        }
    }
    if from.names != to.names {
        parts.push("what is named by words".to_owned());
    }
    Ok(parts)
}

#[derive(QueryableByName)]
struct VersionRow {
    #[diesel(sql_type = Uuid)]
    id: TemplateId,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = BigInt)]
    names: i64,
    #[diesel(sql_type = Jsonb)]
    texts: serde_json::Value,
}

/// What is selected of a `template t` and its `template_version v`. A version without texts is none.
const VERSION: &str = "
    select t.id, t.name, v.version, v.names, x.texts
    from template_version v join template t on t.id = v.template_id
    cross join lateral (
        select jsonb_object_agg(x.locale, jsonb_build_object('subject', x.subject, 'body', x.body)) as texts
        from template_variant x where x.template_id = v.template_id and x.version = v.version) x
    where x.texts is not null and";

/// A template of what was selected of one of its versions: the bits of the elements that it names, and its texts by locale.
///
/// # Errors
/// `Inconsistent` if the program does not know such elements or texts.
pub(crate) fn of_parts(
    (id, version): (TemplateId, i32),
    name: String,
    (names, texts): (i64, serde_json::Value),
) -> Result<Template> {
    Ok(Template {
        id,
        name,
        version,
        variants: serde_json::from_value(texts)
            .map_err(|_| Error::inconsistent("template_variant", id))?,
        names: ElementSet::from_bits(names)
            .ok_or_else(|| Error::inconsistent("template_version", id))?,
    })
}

fn read(row: VersionRow) -> Result<Template> {
    let parts = (row.names, row.texts);
    of_parts((row.id, row.version), row.name, parts)
}

/// One version of a template, the newest if none is named.
///
/// # Errors
/// `Missing`.
pub(crate) async fn find(
    conn: &mut Conn,
    id: TemplateId,
    version: Option<i32>,
) -> Result<Template> {
    let one = "t.id = $1 and v.version = coalesce($2, (
        select max(version) from template_version where template_id = $1))";
    let row: VersionRow = diesel::sql_query(format!("{VERSION} {one}"))
        .bind::<Uuid, _>(id)
        .bind::<Nullable<Integer>, _>(version)
        .get_result(conn)
        .await?;
    read(row)
}

/// Versions of templates; those that do not exist are left out.
///
/// # Errors
/// The database's.
pub(crate) async fn find_many(
    conn: &mut Conn,
    versions: &[(TemplateId, i32)],
) -> Result<Vec<Template>> {
    let some = "(t.id, v.version) in (select * from unnest($1, $2))";
    let rows: Vec<VersionRow> = diesel::sql_query(format!("{VERSION} {some}"))
        .bind::<Array<Uuid>, _>(versions.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(versions.iter().map(|(_, no)| *no).collect::<Vec<_>>())
        .load(conn)
        .await?;
    rows.into_iter().map(read).collect()
}

/// A template as lists show it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// Its id.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// Its newest version.
    pub version: i32,
    /// The locales of that version.
    pub locales: Vec<String>,
    /// When the template was made.
    pub created_at: DateTime<Utc>,
}

/// All templates, by name; there are few.
///
/// # Errors
/// The database's.
pub(crate) async fn list(conn: &mut Conn) -> Result<Vec<Listed>> {
    let rows: Vec<(TemplateId, String, DateTime<Utc>, i32, String)> = template::table
        .inner_join(template_variant::table.on(template_variant::template_id.eq(template::id)))
        .select((
            template::id,
            template::name,
            template::created_at,
            template_variant::version,
            template_variant::locale,
        ))
        .order((
            template::name,
            template_variant::version,
            template_variant::locale,
        ))
        .load(conn)
        .await?;
    let mut found: BTreeMap<String, Listed> = BTreeMap::new();
    for (id, name, created_at, version, locale) in rows {
        let listed = found.entry(name.clone()).or_insert_with(|| Listed {
            id,
            name,
            version,
            locales: Vec::new(),
            created_at,
        });
        if version > listed.version {
            listed.version = version;
            listed.locales.clear();
        }
        listed.locales.push(locale);
    }
    Ok(found.into_values().collect())
}

/// The most words that are sought.
const MOST_WORDS: usize = 12;

/// The templates with all of these words in their name or in a text of their newest version; all of them without words.
///
/// # Errors
/// The database's.
pub(crate) async fn search(conn: &mut Conn, sought: &str) -> Result<Vec<Listed>> {
    let words: Vec<&str> = sought.split_whitespace().take(MOST_WORDS).collect();
    let mut found = list(conn).await?;
    if !words.is_empty() {
        let with = with_words(conn, &words).await?;
        found.retain(|one| with.contains(&one.id));
    }
    Ok(found)
}
