//! People without e-mail, minors, people who died and people at protected addresses: letter lists, postal letters, and
//! the results.

mod barred;
mod changes_since_taking;
mod corrections;
mod former;
mod list_files;
mod lists;
mod locks;
mod minors;
mod moved;
mod outdated_files;
mod posted_once;
mod races;
mod two_people;
mod unreached_people;
mod walk;

use std::collections::BTreeMap;
use std::io::Cursor;

use candor::id::{PersonId, PostalId};
use candor::link::{NoticeCode, StatusLink};
use candor::notice::account::{self, Account, recount};
use candor::person::Person;
use candor::person::find::{Clue, find};
use candor::postal::consent::Confirmed;
use candor::postal::post::{self, Done};
use candor::postal::returned::{Recorded, returned};
use candor::postal::take::Insist;
use candor::postal::{Batch, PostalError, PostalKind, list, slips, store};
use candor::scope::consent::Consent;
use candor::scope::import::Source;
use candor::scope::{self, ScopeMode};
use chrono::NaiveDate;

use crate::house::House;
use crate::people::Scene;

/// A list of letters as a mail house reads it: the rows by reference, each by column.
type Rows = BTreeMap<String, BTreeMap<String, String>>;

/// A house with an incident, and the tasks of its post office.
struct Post {
    house: House,
    scene: Scene,
}

/// The links begin with this machine's address, which letters may use only with this consent.
pub const REHEARSAL: Insist = Insist {
    again: false,
    anyway: true,
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl Post {
    /// With these people in scope; the header is added.
    async fn with(rows: &str) -> Self {
        let house = House::with("[http]\npublic_url = \"https://notice.example\"").await;
        let scene = Scene::new(&house).await;
        let post = Self { house, scene };
        scene.import(&post.house, &people(rows)).await;
        post
    }

    /// Imports more people or changes and puts them in force.
    async fn delta(&self, rows: &str) {
        let reader = Source::File(Cursor::new(people(rows).into_bytes()));
        let (app, by, of) = (&self.house.app, self.scene.comms, self.scene.incident);
        let read = scope::import::import(app, by, of, ScopeMode::Delta, reader, |_| {}).await;
        let version = read.unwrap().version;
        scope::activate::activate(app, by, of, version, Consent::Given)
            .await
            .unwrap();
    }

    async fn take(&self, kind: PostalKind, again: bool) -> Result<(Batch, Rows), PostalError> {
        let (app, by, of) = (&self.house.app, self.scene.comms, self.scene.incident);
        let insist = Insist {
            again,
            anyway: false,
        };
        let mut list = list::export(app, by, of, kind, insist).await?;
        let mut file = Vec::new();
        while let Some(piece) = list.next().await? {
            file.extend(piece);
        }
        let mut reader = csv::Reader::from_reader(file.as_slice());
        let head = reader.headers().unwrap().clone();
        let row = |record: csv::StringRecord| {
            let cells = head.iter().zip(&record);
            let cells: BTreeMap<String, String> = cells
                .map(|(name, cell)| (name.into(), cell.into()))
                .collect();
            (cells["reference"].clone(), cells)
        };
        let rows: Rows = reader
            .records()
            .map(|record| row(record.unwrap()))
            .collect();
        assert_eq!(rows.len() as i64, list.batch.people);
        Ok((list.batch, rows))
    }

    async fn posted(&self, batch: PostalId, on: &str) -> Result<Batch, PostalError> {
        self.posted_with(batch, on, Confirmed::default()).await
    }

    async fn posted_with(
        &self,
        batch: PostalId,
        on: &str,
        confirmed: Confirmed,
    ) -> Result<Batch, PostalError> {
        let done = Done {
            confirmed,
            ..Done::posted(day(on))
        };
        post::record(&self.house.app, self.scene.comms, batch, &done).await
    }

    async fn returned(&self, file: &str) -> Recorded {
        let slips = slips::read(file.as_bytes()).unwrap();
        let (app, by, of) = (&self.house.app, self.scene.comms, self.scene.incident);
        returned(app, by, of, None, slips).await.unwrap()
    }

    async fn person(&self, reference: &str) -> Person {
        let clue = Clue::Reference(reference.to_owned());
        let mut found = find(&self.house.app, self.scene.incident, &clue)
            .await
            .unwrap();
        found.pop().unwrap()
    }

    async fn stands(&self, reference: &str) -> &'static str {
        self.person(reference).await.standing.as_str()
    }

    /// The path of a person's status page.
    async fn page(&self, reference: &str) -> String {
        let person = self.person(reference).await;
        let link = StatusLink {
            person: person.id,
            epoch: person.link_epoch,
        };
        format!("/s/{}", link.token(&self.house.app.keys))
    }

    /// The account, after a check that every counter equals a recount.
    async fn account(&self) -> Account {
        let differ = recount::books(&self.house.app, self.scene.incident).await;
        assert_eq!(differ.unwrap(), []);
        let mut conn = self.house.app.db.get().await.unwrap();
        let counted = account::account(&mut conn, self.scene.incident)
            .await
            .unwrap();
        assert_eq!(counted.unexplained, 0);
        counted
    }

    /// Of the account: notified, of those by post and otherwise, in progress, needs letter, withheld.
    async fn figures(&self) -> [i64; 6] {
        let counted = self.account().await;
        [
            counted.notified,
            counted.notified_by_post,
            counted.notified_otherwise,
            counted.in_progress,
            counted.needs_letter,
            counted.withheld,
        ]
    }

    async fn batch(&self, id: PostalId) -> Batch {
        store::find(&mut self.house.app.db.get().await.unwrap(), id)
            .await
            .unwrap()
    }

    fn code(&self, batch: PostalId, person: PersonId) -> String {
        NoticeCode::of_letter(batch, person, &self.house.app.keys).to_string()
    }
}

fn people(rows: &str) -> String {
    format!("reference,email,name,postcode,address,locale,jurisdiction,flags,elements\n{rows}")
}

/// `n` people without an e-mail address.
fn without_mail(n: usize) -> String {
    let row = |i: usize| {
        format!(
            "r{i},,Person {i},9810{},{i} Main St,en,US-WA,,name;ssn\n",
            i % 10
        )
    };
    (0..n).map(row).collect()
}
