//! What the comms team does with templates: write one, write its next version, look at the result.

use serde_json::{Value, json};

use super::merge::{self, Fixed, MergeError, Problem};
use super::{Variants, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::changed::{Changed, Edit, Part};
use crate::audit::{self, Action};
use crate::db::{self, Conn};
use crate::element::{ElementSet, UnknownElement};
use crate::id::{StaffId, TemplateId};
use crate::incident::Facts;
use crate::invisible::shows_nothing;
use crate::person::place::Locale;

/// Most variants of one version.
const MOST_VARIANTS: usize = 60;

/// What one version of a template says.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// The texts.
    pub variants: &'a Variants,
    /// The elements that they name by words.
    pub names: ElementSet,
}

/// Texts that name elements only by `{{ elements }}`.
impl<'a> From<&'a Variants> for Words<'a> {
    fn from(variants: &'a Variants) -> Self {
        Self {
            variants,
            names: ElementSet::EMPTY,
        }
    }
}

/// Why a template was not written.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// There is no such template.
    #[error("there is no such template")]
    Missing,
    /// The name is in use.
    #[error("a template with this name exists already: write its next version instead")]
    NameTaken,
    /// The name is empty or too long.
    #[error("a template's name has 1 to 100 characters on one line")]
    Name,
    /// No variant, too many, two of one language, or one under something that is no language tag.
    #[error(
        "a template needs 1 to {MOST_VARIANTS} variants, each under a language tag of its own such as en or es-MX"
    )]
    Variants,
    /// The declaration of what is named by words has something else than codes.
    #[error("what the texts name by words: {0}")]
    Names(UnknownElement),
    /// A text does not compile.
    #[error("{}", .0.iter().map(|(locale, e)| format!("{locale}: {e}")).collect::<Vec<_>>().join("\n"))]
    Text(Vec<(String, MergeError)>),
    /// Another version was saved since the one was read that these words change.
    #[error(
        "version {} was saved since version {read} was opened; it changes {}. Nothing of yours was saved: bring its changes in first",
        .changed.version, in_words(.changed)
    )]
    Changed {
        /// The version that was read.
        read: i32,
        /// The newest one, who saved it when, and the parts in which the two differ, such as `en: body`.
        changed: Box<Changed>,
    },
    /// A campaign uses a version of it: each with its words.
    #[error("campaigns use this template, so it stays: {}", .0.join("; "))]
    Used(Vec<String>),
    /// There is no such starting text.
    #[error("there is no such starting text")]
    NoSuchStart,
    /// The starting text is not written in a language that was asked for; it is in these.
    #[error("this starting text is written in {0}. Choose among these languages")]
    NoSuchText(String),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

/// The changed parts: `en: body, es: new`.
fn in_words(changed: &Changed) -> String {
    match changed.words().join(", ") {
        none if none.is_empty() => "nothing".to_owned(),
        parts => parts,
    }
}

impl From<db::Error> for EditError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            e if e.is_conflict("template_name_is_taken") => Self::NameTaken,
            other => Self::Db(other),
        }
    }
}

/// Checks texts as far as that goes without an incident: facts it may have are not asked for yet. The same texts,
/// each under its language tag in canonical form (`en_us` becomes `en-US`).
///
/// # Errors
/// [`EditError::Variants`], also for two texts of one language; [`EditError::Text`] with everything that is wrong.
pub fn check(variants: &Variants) -> Result<Variants, EditError> {
    let canonical: Variants = variants
        .iter()
        .map(|(tag, variant)| Some((Locale::parse(tag).ok()?.to_string(), variant.clone())))
        .collect::<Option<_>>()
        .ok_or(EditError::Variants)?;
    let given = variants.len();
    if !(1..=MOST_VARIANTS).contains(&given) || canonical.len() != given {
        return Err(EditError::Variants);
    }
    let no_facts = Facts::new();
    let errors: Vec<_> = variants
        .iter()
        .flat_map(|(locale, variant)| {
            let fixed = Fixed {
                locale,
                organisation: "-",
                incident_title: "-",
                facts: &no_facts,
            };
            let errors = merge::compile(&variant.subject, &variant.body, &fixed)
                .err()
                .unwrap_or_default();
            errors.into_iter().map(|error| (locale.clone(), error))
        })
        .filter(|(_, error)| !matches!(error.problem, Problem::UnknownFact(_)))
        .collect();
    if errors.is_empty() {
        Ok(canonical)
    } else {
        Err(EditError::Text(errors))
    }
}

fn detail(version: i32, variants: &Variants, names: ElementSet) -> Value {
    json!({ "version": version, "locales": variants.keys().collect::<Vec<_>>(), "names": names })
}

/// Writes a new template, version 1.
///
/// # Errors
/// See [`EditError`].
pub async fn create(
    app: &App,
    by: StaffId,
    name: &str,
    words: impl Into<Words<'_>>,
) -> Result<TemplateId, EditError> {
    create_from(app, by, name, words.into(), Value::Null).await
}

/// The same, with what the audit log says of where its texts come from.
pub(super) async fn create_from(
    app: &App,
    by: StaffId,
    name: &str,
    words: Words<'_>,
    origin: Value,
) -> Result<TemplateId, EditError> {
    if shows_nothing(name) || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(EditError::Name);
    }
    let variants = check(words.variants)?;
    let now = app.now();
    let id = TemplateId::new(now);
    let mut tx = app.db.begin().await?;
    store::insert(&mut tx, id, name, by, now).await?;
    store::insert_version(&mut tx, (id, 1), (&variants, words.names), by, now).await?;
    let mut detail = detail(1, &variants, words.names);
    if let (Value::Object(detail), Value::Object(origin)) = (&mut detail, origin) {
        detail.extend(origin);
    }
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        Action::TemplateCreate,
        id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Writes the next version; its number. Older versions stay as they are. `based_on`: the version that was read before
/// it was changed; if another one was saved since, nothing is written.
///
/// # Errors
/// See [`EditError`].
pub async fn add_version(
    app: &App,
    by: StaffId,
    id: TemplateId,
    words: impl Into<Words<'_>>,
    based_on: Option<i32>,
) -> Result<i32, EditError> {
    let words = words.into();
    let variants = check(words.variants)?;
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let newest = store::lock(&mut tx, id).await?;
    if let Some(read) = based_on.filter(|read| *read != newest) {
        return Err(changed(&mut tx, id, read, newest).await?);
    }
    let version = newest + 1;
    store::insert_version(&mut tx, (id, version), (&variants, words.names), by, now).await?;
    let detail = detail(version, &variants, words.names);
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        Action::TemplateVersion,
        id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(version)
}

/// What was changed since the version that the caller read.
pub(super) async fn changed(
    conn: &mut Conn,
    id: TemplateId,
    read: i32,
    newest: i32,
) -> db::Result<EditError> {
    let (by, at) = store::written_by(conn, id, newest).await?;
    let parts = store::changed(conn, id, read, newest).await?;
    let edit = Edit {
        by: Some(Actor::Staff(by).to_string()),
        action: Some(Action::TemplateVersion),
        at,
        parts: parts
            .into_iter()
            .map(|part| Part::new(part.clone(), part))
            .collect(),
    };
    let changed = Box::new(Changed {
        version: newest,
        edits: vec![edit],
    });
    Ok(EditError::Changed { read, changed })
}
