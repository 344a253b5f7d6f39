//! What else the comms team does with templates: begin one from a starting text, copy one, delete one.

use serde_json::{Value, json};

use super::edit::{self, EditError, Words};
use super::starting_text::StartingText;
use super::{Variants, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::element::ElementSet;
use crate::id::{StaffId, TemplateId};

/// Writes a new template with the texts of a starting text, in these languages; in all of its languages if none is named.
///
/// # Errors
/// As [`edit::create`]; [`EditError::NoSuchText`] for a language that it does not have.
pub async fn begin(
    app: &App,
    by: StaffId,
    name: &str,
    text: &StartingText,
    locales: &[String],
) -> Result<TemplateId, EditError> {
    let variants: Variants = match locales {
        [] => text.variants.clone(),
        some => some
            .iter()
            .map(|locale| {
                let variant = text.variants.get(locale.trim());
                let variant = variant.ok_or_else(|| EditError::NoSuchText(text.languages()))?;
                Ok((locale.trim().to_owned(), variant.clone()))
            })
            .collect::<Result<_, EditError>>()?,
    };
    let origin = json!({ "starting_text": text.key });
    edit::create_from(app, by, name, Words::from(&variants), origin).await
}

/// Writes a new template with the texts of a version of another one, the newest if none is named.
///
/// # Errors
/// As [`edit::create`]; [`EditError::Missing`] without such a version.
pub async fn copy(
    app: &App,
    by: StaffId,
    (id, version): (TemplateId, Option<i32>),
    name: &str,
) -> Result<TemplateId, EditError> {
    let of = store::find(&mut *app.db.get().await?, id, version).await?;
    let words = Words {
        variants: &of.variants,
        names: of.names,
    };
    let origin = json!({ "copy_of": id, "copied_version": of.version });
    edit::create_from(app, by, name, words, origin).await
}

/// Deletes a template that no campaign ever used, with all of its versions. `seen`: the newest version that the caller
/// saw; if another one was saved since, nothing is deleted.
///
/// # Errors
/// [`EditError::Used`], [`EditError::Changed`], [`EditError::Missing`].
pub async fn delete(
    app: &App,
    by: StaffId,
    id: TemplateId,
    seen: Option<i32>,
) -> Result<(), EditError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let newest = store::lock(&mut tx, id).await?;
    if let Some(read) = seen.filter(|read| *read != newest) {
        return Err(edit::changed(&mut tx, id, read, newest).await?);
    }
    // A campaign that begins to use a version meanwhile waits, and then finds none.
    store::lock_versions(&mut tx, id).await?;
    let uses = store::uses(&mut tx, id).await?;
    if !uses.is_empty() {
        let each = uses
            .iter()
            .map(|one| format!("{} uses version {}: {one}", one.campaign, one.version));
        return Err(EditError::Used(each.collect()));
    }
    let of = store::find(&mut tx, id, None).await?;
    store::delete(&mut tx, id).await?;
    let detail = deleted(&of.name, newest, of.names);
    let (who, what) = (Actor::Staff(by), Action::TemplateDelete);
    audit::store::append(&mut tx, now, who, what, id, &detail).await?;
    tx.commit().await?;
    Ok(())
}

fn deleted(name: &str, version: i32, names: ElementSet) -> Value {
    json!({ "name": name, "version": version, "names": names })
}
