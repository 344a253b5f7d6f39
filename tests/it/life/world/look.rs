//! What the real system says: messages that relays accepted, the standing of people, the account, the audiences.

use std::collections::BTreeMap;

use candor::campaign::Audience;
use candor::id::PersonId;
use candor::notice::account::{account, recount};
use candor::{incident, person};
use uuid::Uuid;

use super::super::model::{Account, Kind, Message};
use super::World;
use super::campaigns::message;

impl World {
    /// The notices that relays accepted since the last call.
    pub fn take_sent(&self) -> Vec<Message> {
        let sent = self.house.mail.take_sent();
        let read = |letter| message(letter, &self.house.app.keys);
        let mut sent: Vec<_> = sent.iter().map(read).collect();
        sent.sort();
        sent
    }

    /// The standing of every person, by reference.
    pub async fn standings(&mut self) -> BTreeMap<String, String> {
        let all = "select id, standing::text from person_now where incident_id = $1";
        let rows = self
            .raw
            .query(all, &[&self.incident().uuid()])
            .await
            .unwrap();
        let mut standings = BTreeMap::new();
        for row in rows {
            let reference = self.reference(row.get(0)).await;
            standings.insert(reference, row.get(1));
        }
        standings
    }

    /// The model's name for a person: their reference, while it is theirs.
    pub async fn reference(&mut self, id: Uuid) -> String {
        if let Some((known, _)) = self.people.iter().find(|(_, known)| known.uuid() == id) {
            return known.clone();
        }
        let id = PersonId::from_uuid(id);
        let mut conn = self.house.app.db.get().await.unwrap();
        let found = incident::store::find(&mut conn, self.incident())
            .await
            .unwrap();
        let key = found.key(&self.house.app.keys).unwrap().unwrap();
        let person = person::store::find(&mut conn, &key, id).await.unwrap();
        let reference = person.contact.reference;
        self.people.insert(reference.clone(), id);
        reference
    }

    pub async fn account(&self) -> Account {
        let mut conn = self.house.app.db.get().await.unwrap();
        let books = account(&mut conn, self.incident()).await.unwrap();
        assert_eq!(books.unexplained, 0);
        let (post, otherwise) = (books.notified_by_post, books.notified_otherwise);
        let each = [
            ("notified", books.notified - post - otherwise),
            ("notified_by_post", post),
            ("notified_otherwise", otherwise),
            ("in_progress", books.in_progress),
            ("needs_letter", books.needs_letter),
            ("withheld", books.withheld),
        ];
        let some = each.into_iter().filter(|(_, n)| *n > 0);
        Account {
            standings: some.collect(),
            told_too_little: books.unnotified_elements,
            told_too_much: books.told_too_much,
        }
    }

    pub async fn count_audience(&self, kind: Kind) -> i64 {
        let (kind, who, _) = self.words(kind);
        let audience = Audience {
            who: Some(who),
            ..Audience::default()
        };
        let mut conn = self.house.app.db.get().await.unwrap();
        let filter = audience.filter(kind);
        person::store::count_audience(&mut conn, self.incident(), &filter)
            .await
            .unwrap()
            .mailable
    }

    pub async fn recount(&self) {
        let differ = recount::books(&self.house.app, self.incident())
            .await
            .unwrap();
        assert_eq!(differ, []);
    }
}
