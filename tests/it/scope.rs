//! List versions against a real Postgres: what an import accepts and refuses, what a version changes, and that the
//! account stays exact.

mod absent_columns;
mod account;
mod activation;
mod added_files;
mod another_person;
mod consents;
mod csv;
mod damaged;
mod drafts;
mod hostile;
mod identities;
mod imports;
mod interfaces;
mod kills;
mod next_versions;
mod notify_cases;
mod person_since;
pub(crate) mod random;
mod reassigned_references;
mod refused_lines;
mod running_campaign_races;
mod running_campaigns;
mod seen_numbers;
mod shown;
mod stale_forms;
mod uploads;
mod walks;
mod while_importing;

use std::io::Cursor;

use candor::account::{Account, account, recount};
use candor::csv_file::ReadError;
use candor::db;
use candor::element::{Element, ElementSet};
use candor::erasure::{ForgetError, forget};
use candor::id::{BUCKETS, IncidentId, PersonId, StaffId};
use candor::incident::{self, Facts, IncidentState, steer};
use candor::person::find::{Clue, find};
use candor::person::place::{Jurisdiction, Locale};
use candor::person::{
    self, AudienceFilter, AudienceRow, Became, Person, PersonStanding, Settled, ToldBy, Who,
};
use candor::scope::activate::{ActivateError, activate, discard};
use candor::scope::body::pieces;
use candor::scope::consent::Consent;
use candor::scope::delta::{Change, Delta};
use candor::scope::import::{ImportError, Imported, Source, import};
use candor::scope::{How, OnDraft, Reject, ScopeMode, ScopeStatus, store};
use candor::seal::{IncidentKey, to_hex};

use crate::house::House;

/// A house with an incident and a member of the comms team.
pub(crate) struct Desk {
    pub(crate) house: House,
    pub(crate) by: StaffId,
    pub(crate) incident: IncidentId,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let house = House::new().await;
        let by = house.staff(&["comms"]).await;
        let opened = steer::open(&house.app, by, "carrier", "A breach", &Facts::new()).await;
        let incident = opened.unwrap().id;
        Self {
            house,
            by,
            incident,
        }
    }

    pub(crate) async fn import(
        &self,
        how: impl Into<How>,
        list: impl Into<Vec<u8>>,
    ) -> Result<Imported, ImportError> {
        let list = Source::File(Cursor::new(list.into()));
        import(&self.house.app, self.by, self.incident, how, list, |_| {}).await
    }

    /// The number of staged rows, and of tables of first lists that are not in force.
    pub(crate) async fn waiting(&self) -> i64 {
        let tables = "select count(*) from pg_class where relkind = 'r' and relname ~ '^person_[0-9a-f]{32}_'
            and relnamespace = current_schema::regnamespace and not relispartition";
        self.rows("scope_row").await + self.house.number(tables).await
    }

    /// Imports and activates.
    pub(crate) async fn take(&self, mode: ScopeMode, list: &str) -> Imported {
        let imported = self.import(mode, list).await.unwrap();
        let version = self.activate(imported.version).await.unwrap();
        assert_eq!(version.status, ScopeStatus::Active);
        imported
    }

    pub(crate) async fn activate(
        &self,
        version: i32,
    ) -> Result<candor::scope::Version, ActivateError> {
        activate(
            &self.house.app,
            self.by,
            self.incident,
            version,
            Consent::Given,
        )
        .await
    }

    pub(crate) async fn conn(&self) -> impl std::ops::DerefMut<Target = db::Conn> {
        self.house.app.db.get().await.unwrap()
    }

    pub(crate) async fn key(&self) -> IncidentKey {
        let found = incident::store::find(&mut *self.conn().await, self.incident).await;
        found.unwrap().key(&self.house.app.keys).unwrap().unwrap()
    }

    pub(crate) async fn rejects(&self, version: i32) -> Vec<Reject> {
        let (key, mut conn) = (self.key().await, self.conn().await);
        let found = store::list_rejects(&mut conn, &key, self.incident, version, 0, 1_000).await;
        found.unwrap()
    }

    pub(crate) async fn person(&self, reference: &str) -> Option<Person> {
        let clue = Clue::Reference(reference.to_owned());
        let mut found = find(&self.house.app, self.incident, &clue).await.unwrap();
        assert!(found.len() < 2, "a reference is one person's");
        found.pop()
    }

    /// The account, after a check that the people themselves give the same.
    pub(crate) async fn account(&self) -> Account {
        let mut conn = self.conn().await;
        let books = account(&mut conn, self.incident).await.unwrap();
        assert_eq!(books, recount(&mut conn, self.incident).await.unwrap());
        assert_eq!(books.unexplained, 0);
        books
    }

    pub(crate) async fn settle(&self, settled: &[Settled]) {
        for bucket in 0..BUCKETS {
            let here: Vec<_> = settled
                .iter()
                .filter(|s| s.person.bucket() == bucket)
                .cloned()
                .collect();
            let mut conn = self.conn().await;
            let done =
                candor::account::store::settle(&mut conn, self.incident, bucket, &here).await;
            done.unwrap();
        }
    }

    async fn notify(&self, reference: &str, named: &str) {
        self.settle(&[Settled {
            person: self.person(reference).await.unwrap().id,
            became: told(named),
        }])
        .await;
    }

    pub(crate) async fn rows(&self, table: &str) -> i64 {
        self.house
            .number(&format!("select count(*) from {table}"))
            .await
    }
}

/// An e-mail that named these elements.
pub(crate) fn told(named: &str) -> Became {
    Became::Told {
        address: None,
        by: ToldBy::Email,
        named: set(named),
        replaces: false,
    }
}

pub(crate) fn set(codes: &str) -> ElementSet {
    ElementSet::parse(codes).unwrap()
}

fn change(added: i64, retracted: i64) -> Change {
    Change { added, retracted }
}
