//! Templates in the database.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Template, Variant, Variants};
use crate::db::schema::{template, template_variant, template_version};
use crate::db::{Conn, Error, Result};
use crate::element::ElementSet;
use crate::id::{StaffId, TemplateId};

/// Inserts a template without versions.
///
/// # Errors
/// `Conflict("template_name_is_taken")`.
pub async fn insert(
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
pub async fn lock(conn: &mut Conn, id: TemplateId) -> Result<i32> {
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
pub async fn written_by(
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
pub async fn insert_version(
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
pub async fn changed(conn: &mut Conn, id: TemplateId, from: i32, to: i32) -> Result<Vec<String>> {
    let mut both = Vec::new();
    for version in [from, to] {
        match find(conn, id, Some(version)).await {
            Ok(found) => both.push(found),
            Err(Error::Missing) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
    }
    let [from, to] = &both[..] else {
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

/// One version of a template, the newest if none is named.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, id: TemplateId, version: Option<i32>) -> Result<Template> {
    let name: String = template::table
        .find(id)
        .select(template::name)
        .first(conn)
        .await?;
    let version = match version {
        Some(version) => version,
        None => latest(conn, id).await?.ok_or(Error::Missing)?,
    };
    let names: i64 = template_version::table
        .find((id, version))
        .select(template_version::names)
        .first(conn)
        .await?;
    let rows: Vec<(String, String, String)> = template_variant::table
        .filter(
            template_variant::template_id
                .eq(id)
                .and(template_variant::version.eq(version)),
        )
        .select((
            template_variant::locale,
            template_variant::subject,
            template_variant::body,
        ))
        .load(conn)
        .await?;
    if rows.is_empty() {
        return Err(Error::Missing);
    }
    let variants = rows
        .into_iter()
        .map(|(locale, subject, body)| (locale, Variant { subject, body }))
        .collect();
    Ok(Template {
        id,
        name,
        version,
        variants,
        names: ElementSet::from_bits(names)
            .ok_or_else(|| Error::inconsistent("template_version", id))?,
    })
}

/// Versions of templates, without their names; those that do not exist are left out.
///
/// # Errors
/// The database's.
pub async fn find_many(conn: &mut Conn, versions: &[(TemplateId, i32)]) -> Result<Vec<Template>> {
    let of: Vec<TemplateId> = versions.iter().map(|(id, _)| *id).collect();
    let named: Vec<(TemplateId, i32, i64)> = template_version::table
        .filter(template_version::template_id.eq_any(&of))
        .select((
            template_version::template_id,
            template_version::version,
            template_version::names,
        ))
        .load(conn)
        .await?;
    let texts: Vec<(TemplateId, i32, String, String, String)> = template_variant::table
        .filter(template_variant::template_id.eq_any(&of))
        .select((
            template_variant::template_id,
            template_variant::version,
            template_variant::locale,
            template_variant::subject,
            template_variant::body,
        ))
        .load(conn)
        .await?;
    let mut found = Vec::new();
    for (id, version, names) in named {
        if !versions.contains(&(id, version)) {
            continue;
        }
        let own = texts
            .iter()
            .filter(|(of, at, ..)| (*of, *at) == (id, version));
        let variants = own.map(|(.., locale, subject, body)| {
            let (subject, body) = (subject.clone(), body.clone());
            (locale.clone(), Variant { subject, body })
        });
        found.push(Template {
            id,
            name: String::new(),
            version,
            variants: variants.collect(),
            names: ElementSet::from_bits(names)
                .ok_or_else(|| Error::inconsistent("template_version", id))?,
        });
    }
    Ok(found)
}

/// A template as lists show it.
#[derive(Debug, Clone)]
pub struct Listed {
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
pub async fn list(conn: &mut Conn) -> Result<Vec<Listed>> {
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
