//! Lists of a history: random files, waiting drafts, rows that are added to them.

use std::collections::BTreeMap;

use candor::scope::OnDraft;

use super::model::list::{Columns, Draft, File, Row};
use super::model::person::{Codes, Listed};
use super::{ELEMENTS, History, PEOPLE};

impl History {
    /// A list is read, or the waiting draft is activated, extended or discarded.
    pub async fn list(&mut self) {
        match (&self.model.draft, self.dice.below(6)) {
            (None, _) => self.read(None).await,
            (Some(_), 0) => return self.discard().await,
            (Some(_), 1) => self.read(Some(OnDraft::Replace)).await,
            (Some(_), _) => self.add().await,
        }
        if self.dice.below(3) > 0 {
            self.activate().await;
        }
    }

    async fn read(&mut self, on: Option<OnDraft>) {
        // The first list is complete.
        let full = self.model.people.is_empty() || self.dice.below(4) == 0;
        let file = self.file();
        self.take(file, full, on, Draft::new(full)).await;
    }

    /// Corrected rejects, and perhaps some other rows, are added to the draft.
    async fn add(&mut self) {
        let Some(draft) = self.model.draft.clone() else {
            return;
        };
        let columns = self.columns();
        let mut rows = BTreeMap::new();
        for n in 0..PEOPLE {
            let reference = format!("r{n}");
            let is_reject = draft.rejects.contains(&reference);
            let often = if is_reject { 1 } else { 5 };
            if self.dice.below(often + 1) == 0 || is_reject {
                let row = self.row(&reference, columns);
                rows.insert(reference, row);
            }
        }
        // The added file's own kind has no effect: the draft stays full or partial.
        let full = self.dice.below(2) == 0;
        let file = File { columns, rows };
        self.take(file, full, Some(OnDraft::Add), draft).await;
    }

    /// Reads a file into a draft; the draft's kind stays.
    async fn take(&mut self, file: File, full: bool, on: Option<OnDraft>, mut draft: Draft) {
        if file.rows.is_empty() {
            return;
        }
        self.log(format!("read, full {full}, draft {on:?}: {file:?}"));
        draft.take(&file, &self.model.people);
        let read = self.world.read(&file, full, on).await;
        let counts = (read.accepted, read.rejected);
        let expected = (draft.rows.len(), draft.rejects.len());
        assert_eq!(counts, expected, "{}", self.story());
        let expected = draft.changes(&self.model.people);
        assert_eq!(read.changes, expected, "{}", self.story());
        self.model.draft = Some(draft);
    }

    pub async fn discard(&mut self) {
        if self.model.draft.is_some() {
            self.log("the draft is thrown away");
            self.world.discard().await;
            self.model.draft = None;
        }
    }

    pub async fn activate(&mut self) {
        let Some(draft) = &self.model.draft else {
            return;
        };
        let questions = draft.questions(&self.model.people);
        let expected = (!draft.rows.is_empty()).then_some(questions);
        let others = self.dice.below(2) == 0 && self.model.formers_have_addresses();
        self.log(format!("put in force, others {others}: {expected:?}"));
        let activated = self.world.activate(others).await;
        let asked = activated.as_ref().map(|(asked, _)| asked);
        assert_eq!(asked, expected.as_ref(), "{}", self.story());
        if let Some((_, version)) = activated {
            for (reference, name) in self.model.activate(version, others) {
                self.world.rename(&reference, &name);
                if let Some(read) = self.read.remove(&reference) {
                    self.read.insert(name, read);
                }
            }
            self.model.send();
        }
    }

    fn columns(&mut self) -> Columns {
        Columns {
            // A first list has contact columns.
            email: self.model.people.is_empty() || self.dice.below(6) > 0,
            name: self.dice.below(4) > 0,
            address: self.model.people.is_empty() || self.dice.below(4) > 0,
            flags: self.dice.below(4) > 0,
        }
    }

    fn file(&mut self) -> File {
        let columns = self.columns();
        let mut rows = BTreeMap::new();
        for n in 0..PEOPLE {
            if self.dice.below(2) == 0 {
                let reference = format!("r{n}");
                let row = self.row(&reference, columns);
                rows.insert(reference, row);
            }
        }
        File { columns, rows }
    }

    fn row(&mut self, reference: &str, columns: Columns) -> Row {
        // A row can take out only a person in scope: the program refuses other rows.
        let people = &self.model.people;
        let in_scope = people.get(reference).is_some_and(|p| p.in_scope);
        if columns.flags && in_scope && self.dice.below(5) == 0 {
            return Row::Goes;
        }
        let listed = self.listed(reference);
        match self.dice.below(10) {
            0 => Row::Bad(listed),
            _ => Row::Is(listed),
        }
    }

    fn listed(&mut self, reference: &str) -> Listed {
        let kinds = ["ok", "ok", "ok", "gone", "full", "busy", "lost"];
        let kind = kinds[self.dice.below(7) as usize];
        let version = self.dice.below(2);
        let email =
            (self.dice.below(6) > 0).then(|| format!("{reference}-{kind}-{version}@example.org"));
        let name = match self.dice.below(6) {
            0 => None,
            1 => Some(format!("Another {reference}")),
            _ => Some(format!("Person {reference}")),
        };
        let address = match self.dice.below(12) {
            0 => None,
            1..=3 => Some("2 Side St"),
            _ => Some("1 Main St"),
        };
        let mut elements: Codes = ELEMENTS
            .into_iter()
            .filter(|_| self.dice.below(2) == 0)
            .collect();
        elements.insert(ELEMENTS[self.dice.below(4) as usize]);
        let flags = ["hold", "protected", "deceased", "vulnerable"];
        let flags = flags.into_iter().filter(|_| self.dice.below(12) == 0);
        Listed {
            email,
            name,
            address,
            elements,
            flags: flags.collect(),
        }
    }
}
