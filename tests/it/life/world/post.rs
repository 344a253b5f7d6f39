//! Postal letters on the real system.

use std::collections::{BTreeMap, HashMap};

use candor::link::NoticeCode;
use candor::postal::{self, PostalError, PostalKind, Telling};

use super::super::model::person::Codes;
use super::super::model::post::List;
use super::super::model::reference_of;
use super::campaigns::named_in;
use super::{Taken, World};
use crate::postal::REHEARSAL;

impl World {
    /// Reads a list of letters: the people on it, and what each letter names.
    pub async fn take_letters(&mut self, list: List) -> BTreeMap<String, Codes> {
        let (app, by) = (&self.house.app, self.scene.comms);
        let kind = match list {
            List::Letter => PostalKind::Letter,
            List::Correction => PostalKind::Correction,
        };
        let taken = postal::list::export(app, by, self.incident(), kind, REHEARSAL).await;
        let mut letters = match taken {
            Ok(letters) => letters,
            Err(
                PostalError::Nobody | PostalError::Waiting { .. } | PostalError::NoAddress { .. },
            ) => return BTreeMap::new(),
            Err(other) => panic!("{other:?}"),
        };
        let mut file = Vec::new();
        while let Some(piece) = letters.next().await.unwrap() {
            file.extend(piece);
        }
        let mut rows = csv::Reader::from_reader(file.as_slice());
        let head = rows.headers().unwrap().clone();
        let column = |name| head.iter().position(|column| column == name).unwrap();
        let (reference, elements) = (column("reference"), column("elements"));
        let (code, former) = (column("letter_code"), column("former_reference"));
        let rows: Vec<_> = rows.records().map(|row| row.unwrap()).collect();
        let (mut codes, mut named) = (HashMap::new(), BTreeMap::new());
        for row in rows {
            let name = self.name_of_code(&row[code]).await;
            // A former person is named by id: the reference names another person.
            let expected = match reference_of(&name) == name {
                true => (name.clone(), String::new()),
                false => (
                    self.people[&name].to_string(),
                    reference_of(&name).to_owned(),
                ),
            };
            let found = (row[reference].to_owned(), row[former].to_owned());
            assert_eq!(found, expected);
            codes.insert(name.clone(), row[code].to_owned());
            named.insert(name, named_in(&row[elements]));
        }
        let id = letters.batch.id;
        self.batches.push(Taken { id, codes });
        named
    }

    /// The recipient of the letter with this code.
    async fn name_of_code(&mut self, code: &str) -> String {
        let key = NoticeCode::parse(code).unwrap().key(&self.house.app.keys);
        let find = "select person_id from postal_item where code_key = $1";
        let row = self.raw.query_one(find, &[&key]).await.unwrap();
        self.reference(row.get(0)).await
    }

    pub async fn post(&self, batch: usize) {
        let (app, by) = (&self.house.app, self.scene.comms);
        let today = app.now().date_naive();
        let id = self.batches[batch].id;
        let mut done = postal::post::Done::posted(today);
        let recorded = postal::post::record(app, by, id, &done).await;
        // Letters to people who are now protected by a flag, or who left the scope, had already been posted.
        if let Err(PostalError::Unconfirmed { questions }) = &recorded {
            done.confirmed = postal::consent::yes_to(questions);
            postal::post::record(app, by, id, &done).await.unwrap();
            return;
        }
        recorded.unwrap();
    }

    pub async fn discard_letters(&self, batch: usize) {
        let (app, by) = (&self.house.app, self.scene.comms);
        postal::post::discard(app, by, self.batches[batch].id)
            .await
            .unwrap();
    }

    /// The letter came back; or it had never left.
    pub async fn give_back(&self, batch: usize, reference: &str, stayed: bool) {
        let (app, by, id) = (&self.house.app, self.scene.comms, self.batches[batch].id);
        let code = &self.batches[batch].codes[reference];
        let reason = if stayed { "not posted" } else { "moved away" };
        let file = match reference_of(reference) == reference {
            true => format!("reference,reason\n{reference},{reason}\n"),
            // Both names find the letter to a former person.
            false if stayed => format!("letter_code,reason\n{code},{reason}\n"),
            false => format!("reference,reason\n{},{reason}\n", self.people[reference]),
        };
        let slips = postal::slips::read(file.as_bytes()).unwrap();
        let recorded = postal::returned::returned(app, by, self.incident(), Some(id), slips);
        let recorded = recorded.await.unwrap();
        let counts = (recorded.returned, recorded.not_posted);
        assert_eq!(counts, if stayed { (0, 1) } else { (1, 0) });
        assert_eq!(recorded.refused, []);
    }

    pub async fn tell_otherwise(&self, reference: &str) {
        let (app, by) = (&self.house.app, self.scene.comms);
        let how = Telling::new(postal::How::Phone, "a sister").unwrap();
        let today = app.now().date_naive();
        postal::told::told(app, by, self.incident(), reference, today, &how)
            .await
            .unwrap();
    }
}
