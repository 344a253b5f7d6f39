//! Lists on the real system: read, added to a draft, discarded, put in force.

use std::io::Cursor;

use candor::scope::activate::{self, ActivateError};
use candor::scope::consent::{Consent, Question, yes_to};
use candor::scope::import::{ImportError, Imported, Source, import};
use candor::scope::{How, OnDraft, ScopeMode};

use super::super::model::list::{Changes, File, Row};
use super::super::model::person::{Codes, Listed};
use super::World;

/// What an import says of the draft that it makes, or adds to.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    pub accepted: usize,
    pub rejected: usize,
    pub changes: Changes,
}

impl World {
    /// Reads a file as a draft; `on`: what becomes of the waiting draft.
    pub async fn read(&mut self, file: &File, full: bool, on: Option<OnDraft>) -> Read {
        let imported = self.try_to_read(file, full, on).await.unwrap();
        self.version = imported.version;
        said(imported)
    }

    pub async fn try_to_read(
        &self,
        file: &File,
        full: bool,
        on: Option<OnDraft>,
    ) -> Result<Imported, ImportError> {
        let mode = match full {
            true => ScopeMode::Full,
            false => ScopeMode::Delta,
        };
        let how = How { mode, draft: on };
        let (app, by) = (&self.house.app, self.scene.comms);
        let source = Source::File(Cursor::new(csv(file).into_bytes()));
        import(app, by, self.incident(), how, source, |_| {}).await
    }

    /// Puts the draft in force; returns the questions, each with its number, and the version. `others`: references that
    /// seem to name another person do. `None`: the draft has no row.
    pub async fn activate(&self, others: bool) -> Option<(Vec<(String, i64)>, i32)> {
        let mut given = Consent::NotGiven;
        let mut asked = Vec::new();
        loop {
            match self.try_to_activate(given).await {
                Ok(()) => break,
                Err(ActivateError::Empty(_)) => return None,
                // Senders go on freezing: by now the list may end fewer campaigns.
                Err(ActivateError::Unconfirmed { questions, .. }) => asked = questions,
                Err(other) => panic!("{other:?}"),
            }
            let mut yes = yes_to(&asked);
            if others {
                yes.another_person = yes.identity_changes.take();
            }
            given = Consent::Numbers(yes);
        }
        let asked = asked
            .iter()
            .filter(|q| !matches!(q, Question::CampaignsEnd { .. }))
            .map(|q| (name_of(q), q.number()));
        Some((asked.collect(), self.version))
    }

    /// From now on the former person of a reference has this name.
    pub fn rename(&mut self, reference: &str, name: &str) {
        if let Some(person) = self.people.remove(reference) {
            self.people.insert(name.to_owned(), person);
        }
        if let Some(session) = self.sessions.remove(reference) {
            self.sessions.insert(name.to_owned(), session);
        }
        for batch in &mut self.batches {
            if let Some(code) = batch.codes.remove(reference) {
                batch.codes.insert(name.to_owned(), code);
            }
        }
    }

    async fn try_to_activate(&self, consent: Consent) -> Result<(), ActivateError> {
        let (app, by) = (&self.house.app, self.scene.comms);
        activate::activate(app, by, self.incident(), self.version, consent)
            .await
            .map(|_| ())
    }

    /// Discards the draft.
    pub async fn discard(&self) {
        let (app, by) = (&self.house.app, self.scene.comms);
        activate::discard(app, by, self.incident(), self.version)
            .await
            .unwrap();
    }
}

fn said(imported: Imported) -> Read {
    let delta = imported.delta;
    Read {
        accepted: imported.accepted as usize,
        rejected: imported.rejected as usize,
        changes: Changes {
            added: delta.people_added,
            retracted: delta.people_retracted,
            elements_added: delta.elements_added,
            elements_retracted: delta.elements_retracted,
            contact_changes: delta.contact_changes,
            unchanged: delta.unchanged,
            identity_changes: delta.identity_changes,
            emails_lost: delta.emails_lost,
            addresses_lost: delta.addresses_lost,
            kept: delta.kept,
            replaced: delta.replaced_accepted,
            flags_set: delta.flags_set,
            flags_lifted: delta.flags_lifted.unwrap(),
        },
    }
}

fn name_of(question: &Question) -> String {
    match question {
        Question::Rejected { .. } => "rejected".to_owned(),
        Question::FlagsLifted { flag, .. } => format!("lifted {flag}"),
        Question::Retracted { .. } => "retracted".to_owned(),
        Question::Replaced { .. } => "replaced".to_owned(),
        Question::EmailsLost { .. } => "emails".to_owned(),
        Question::AddressesLost { .. } => "addresses".to_owned(),
        Question::ToldTooMuch { .. } => "too much".to_owned(),
        Question::CampaignsEnd { .. } => "campaigns end".to_owned(),
        Question::IdentityChanges { told, .. } => format!("identity, told {told}"),
    }
}

fn csv(file: &File) -> String {
    let columns = file.columns;
    let has = [columns.email, columns.name, columns.address, columns.flags];
    let mut lines = vec![line(
        has,
        "reference",
        "elements",
        ["email", "name", "address", "flags"],
    )];
    for (reference, row) in &file.rows {
        lines.push(match row {
            Row::Is(said) => of(has, reference, said, ""),
            // No list of ours has such an element.
            Row::Bad(said) => of(has, reference, said, ";shoe size"),
            Row::Goes => line(has, reference, "", ["", "", "", "retract"]),
        });
    }
    lines.concat()
}

fn of(has: [bool; 4], reference: &str, said: &Listed, more: &str) -> String {
    let flags: Vec<_> = said.flags.iter().copied().collect();
    let cells = [
        said.email.as_deref().unwrap_or_default(),
        said.name.as_deref().unwrap_or_default(),
        said.address.unwrap_or_default(),
        &flags.join(";"),
    ];
    line(has, reference, &(joined(&said.elements) + more), cells)
}

fn line(has: [bool; 4], reference: &str, elements: &str, cells: [&str; 4]) -> String {
    let mut line = format!("{reference},{elements}");
    for (cell, _) in cells.iter().zip(has).filter(|(_, has)| *has) {
        line += &format!(",{cell}");
    }
    line + "\n"
}

fn joined(codes: &Codes) -> String {
    codes.iter().copied().collect::<Vec<_>>().join(";")
}
