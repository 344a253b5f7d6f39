//! Adding a list to the draft that waits. Its rows were staged as if they were a version of their own; here they become
//! the draft's, in the place of rows with the same reference, and what the draft changes is computed again. It is one
//! transaction: after a failure the draft is as it was.

use std::io;

use serde_json::{Value, json};

use super::list::List;
use super::work::{Read, Work};
use super::{ImportError, Imported};
use crate::actor::Actor;
use crate::audit::{self, Action};
use crate::csv_file::VERDICT;
use crate::db::{self, Conn};
use crate::id::StaffId;
use crate::incident;
use crate::scope::delta::{AddedFile, Delta};
use crate::scope::difference;
use crate::scope::store::{self, Added, Former, NewReject, Replaced};
use crate::scope::{Place, Reject, ScopeStatus, Version};
use crate::seal::to_hex;
use crate::staff::replay::store::mark_done;

impl Work<'_> {
    /// Adds the staged rows to `draft`.
    pub(super) async fn add<R: io::Read>(
        &self,
        by: StaffId,
        list: &List<R>,
        mut read: Read,
        draft: &Version,
    ) -> Result<Imported, ImportError> {
        let refused = self.prepare(list, &mut read).await?;
        if matches!(self.former, Former::Draft(_)) {
            self.find_others(read.at.accepted).await?;
        }
        let settled = self.corrected(draft, &read.corrects).await?;
        let mut tx = self.app.db.begin().await?;
        let draft = self.still(&mut tx, draft).await?;
        let before = draft.delta.clone().unwrap_or_default();
        let file = self.number_of(&before)?;
        let replaced = self.move_rows(&mut tx, draft.version).await?;
        let (incident, version) = (self.stage.incident, draft.version);
        store::delete_rejects_at(&mut tx, incident, version, &settled.places).await?;
        let columns = joined(&before.columns, &self.columns);
        self.move_rejects(&mut tx, version, file, &columns).await?;
        store::delete_version(&mut tx, incident, self.stage.version).await?;
        let replaces = replaced.all + settled.count();
        let added = AddedFile {
            draft_columns: before.columns.len(),
            ..self.added_file(list, &read, refused, replaces)
        };
        let mut now = before;
        now.columns = columns;
        now.replaced += added.replaced;
        now.replaced_accepted += replaced.changed;
        now.refused_again += settled.refused_again;
        now.added_files.push(added.clone());
        let own = self.added(version).own;
        let difference = difference::of_draft(&mut tx, incident, &draft, own, &now).await?;
        let accepted = draft.accepted - replaced.all + added.accepted;
        let rejected = draft.rejected - settled.count() + added.rejected;
        let lines = draft.lines.map(|lines| lines.plus(list.lines().into()));
        let all = difference.delta.replaced;
        if lines.is_some_and(|lines| !lines.add_up(accepted, rejected, all)) {
            return Err(db::Error::inconsistent("scope_version", version).into());
        }
        store::set_lines(&mut tx, incident, version, lines).await?;
        store::keep_groups(&mut tx, incident, version).await?;
        let what = (&difference.delta, &difference.brings);
        let (draft, counts) = (ScopeStatus::Draft, (accepted, rejected));
        store::set_draft(&mut tx, (incident, version), draft, None, counts, what).await?;
        let detail = detail(version, file, added, settled.refused_again, counts);
        let (now, actor) = (self.app.now(), Actor::Staff(by));
        audit::store::append(&mut tx, now, actor, Action::ScopeAdd, incident, &detail).await?;
        mark_done(&mut tx).await?;
        tx.commit().await?;
        Ok(Imported {
            version,
            accepted,
            rejected,
            lines,
            delta: difference.delta,
        })
    }

    /// The draft, if it still is one: an incident may be forgotten while its list is read. It is not forgotten before
    /// this transaction ends; nothing else waits for that.
    async fn still(&self, conn: &mut Conn, draft: &Version) -> Result<Version, ImportError> {
        let incident = self.stage.incident;
        let found = incident::store::hold(conn, incident).await?;
        if found.forgotten_at.is_some() {
            return Err(ImportError::Forgotten);
        }
        let now = store::find(conn, incident, draft.version).await?;
        match now.status {
            ScopeStatus::Draft => Ok(now),
            _ => Err(ImportError::NoDraft),
        }
    }

    /// What the version shows of the file; `refused` of its rows that were read as good ones are not taken.
    fn added_file<R: io::Read>(
        &self,
        list: &List<R>,
        read: &Read,
        refused: i64,
        replaced: i64,
    ) -> AddedFile {
        AddedFile {
            sha256: to_hex(&list.hash()),
            accepted: read.at.accepted - refused,
            rejected: read.at.rejected + refused,
            replaced,
            columns: own(&self.columns),
            draft_columns: 0,
        }
    }

    /// Which file of the draft this one is.
    fn number_of(&self, draft: &Delta) -> Result<i16, ImportError> {
        let files = i16::try_from(draft.added_files.len() + 2);
        files.map_err(|_| ImportError::TooManyFiles)
    }

    fn added(&self, draft: i32) -> Added<'_> {
        let own = match &self.former {
            Former::FirstDraft(own) => Some(own),
            _ => None,
        };
        Added {
            incident: self.stage.incident,
            from: self.stage.version,
            to: draft,
            own,
        }
    }

    /// How many rows of the draft were replaced.
    async fn move_rows(&self, conn: &mut Conn, draft: i32) -> Result<Replaced, ImportError> {
        let added = self.added(draft);
        let replaced = store::delete_replaced(conn, added).await?;
        store::move_staged(conn, added).await?;
        if added.own.is_some() {
            store::delete_rows(conn, self.stage.incident, self.stage.version).await?;
        }
        Ok(replaced)
    }

    /// Gives the rejects of this file to the draft, with their cells in the order of `columns`. They are sealed again,
    /// since each seal is bound to its place.
    async fn move_rejects(
        &self,
        conn: &mut Conn,
        draft: i32,
        file: i16,
        columns: &[String],
    ) -> Result<(), ImportError> {
        let mut after = Place::from(0);
        loop {
            let page = self.rejects(conn, self.stage.version, after).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            let lines = (after.line, last.line);
            let (incident, staged) = (self.stage.incident, self.stage.version);
            let row_keys = store::find_row_keys(conn, incident, staged, lines).await?;
            after = last.place();
            let moved = page.iter().map(|reject| {
                let place = Place {
                    file,
                    line: reject.line,
                };
                let reference = self.reference_in(reject);
                let cells = in_order(reject, &self.columns, columns);
                let version = (self.stage.incident, draft);
                NewReject {
                    place,
                    closed: store::close(&self.stage.key, version, place, &reject.reasons, &cells),
                    reference: self.stage.index(reference),
                    row: row_keys.get(&reject.line).copied(),
                }
            });
            let moved: Vec<_> = moved.collect();
            store::insert_rejects(conn, self.stage.incident, draft, &moved).await?;
        }
    }
}

/// What the audit log keeps of a file, as the page of the version shows it.
fn detail(
    version: i32,
    file: i16,
    added: AddedFile,
    refused_again: i64,
    (accepted, rejected): (i64, i64),
) -> Value {
    let added = AddedFile {
        replaced: added.replaced - refused_again,
        ..added
    };
    json!({ "version": version, "file": file, "added": added, "refused_again": refused_again,
        "accepted": accepted, "rejected": rejected })
}

/// The columns of a draft, and those that only an added file has.
fn joined(draft: &[String], file: &[String]) -> Vec<String> {
    let is_new = |column: &&String| !draft.contains(column) && !VERDICT.contains(&column.as_str());
    draft
        .iter()
        .chain(file.iter().filter(is_new))
        .cloned()
        .collect()
}

/// The columns of a list, without those that a file of rejects has besides.
fn own(columns: &[String]) -> Vec<String> {
    let is_own = |column: &&String| !VERDICT.contains(&column.as_str());
    columns.iter().filter(is_own).cloned().collect()
}

/// The cells of a reject of a file with the columns `from`, in the order of the columns `to`. What a row has too many
/// stands at the end.
fn in_order(reject: &Reject, from: &[String], to: &[String]) -> Vec<String> {
    let cell = |column: &String| {
        let at = from.iter().position(|known| known == column)?;
        reject.cells.get(at).cloned()
    };
    let is_verdict = |column: &String| VERDICT.contains(&column.as_str());
    let named = to.iter().map(|column| match is_verdict(column) {
        true => String::new(),
        false => cell(column).unwrap_or_default(),
    });
    let surplus = reject.cells.iter().skip(from.len()).cloned();
    named.chain(surplus).collect()
}
