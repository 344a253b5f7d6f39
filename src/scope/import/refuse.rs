//! Rows that the database finds to be refused: their reference stands on an earlier line of the list, or they retract a
//! person who is on no list.

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use tokio_postgres::Client;

use super::error::ImportError;
use super::stage::{Stage, row_key};
use crate::csv_file::Reason;
use crate::db;
use crate::element::ElementSet;
use crate::person::contact::Contact;
use crate::person::flags::Flags;
use crate::scope::RejectReason;
use crate::scope::row_counts::RowCounts;
use crate::scope::store::{self, Former, Own, Refused, Says};

/// Rejects written at once.
const REJECTS: usize = 4_096;

/// Where the rows are, and what is needed to write them as they were.
pub(super) struct Refuse<'a> {
    pub(super) client: &'a Client,
    pub(super) helper: &'a Client,
    pub(super) stage: &'a Stage,
    pub(super) own: Option<&'a Own>,
    /// The columns of the file, in its order.
    pub(super) columns: &'a [String],
}

impl Refuse<'_> {
    /// Makes rejects of rows with a reference that stands on an earlier line, and takes them out of `row_counts`; how many.
    pub(super) async fn duplicates(&self, row_counts: &mut RowCounts) -> Result<i64, ImportError> {
        let Self { own, .. } = *self;
        let (incident, version) = (self.stage.incident, self.stage.version);
        let found = store::find_duplicates(self.client, own, incident, version).await?;
        let count = self.keep(found, row_counts).await?;
        if count > 0 {
            store::delete_duplicates(self.client, own, incident, version).await?;
        }
        Ok(count)
    }

    /// Makes rejects of rows that retract a person who is on no list; how many. `former` is what was known before,
    /// `None` for a first list.
    pub(super) async fn strangers(
        &self,
        former: Option<&Former>,
        row_counts: &mut RowCounts,
    ) -> Result<i64, ImportError> {
        let (incident, version) = (self.stage.incident, self.stage.version);
        match (self.own, former) {
            (Some(own), _) => {
                let count = self
                    .keep(store::find_retracted(self.client, own).await?, row_counts)
                    .await?;
                store::delete_retracted(self.client, own).await?;
                Ok(count)
            }
            (None, Some(former)) => {
                let found = store::find_strangers(self.client, incident, version, former).await?;
                let count = self.keep(found, row_counts).await?;
                if count > 0 {
                    store::delete_strangers(self.client, incident, version, former).await?;
                }
                Ok(count)
            }
            (None, None) => Ok(0),
        }
    }

    /// Keeps the rows that are found as rejects; how many.
    async fn keep(
        &self,
        found: impl Stream<Item = db::Result<Refused>>,
        row_counts: &mut RowCounts,
    ) -> Result<i64, ImportError> {
        let found = found.map_err(ImportError::Db).try_chunks(REJECTS);
        tokio::pin!(found);
        let mut count = 0;
        // The rows still come in on the one connection while their rejects go out on the other.
        while let Some(some) = found.try_next().await.map_err(|e| e.1)? {
            count += some.len();
            for row in &some {
                if row.flags & Flags::RETRACT.bits() == 0 {
                    let of = (row.jurisdiction.as_str(), row.flags);
                    row_counts.add(row.bucket, row.exposed, of, -1);
                }
            }
            store::copy_rejects(self.helper, self.rejects_of(&some)?).await?;
        }
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn rejects_of(&self, refused: &[Refused]) -> Result<Bytes, ImportError> {
        let Stage {
            incident, version, ..
        } = *self.stage;
        let mut rejects = store::Rejects::new(incident, version);
        for row in refused {
            let (code, why) = match row.first_line {
                Some(first) => (
                    Reason::DuplicateReference.code(),
                    format!("The reference stands on line {first} too."),
                ),
                None => (
                    "not_in_the_list",
                    "The row retracts a person who is not in the list that is in force: nothing names \
                     this reference."
                        .to_owned(),
                ),
            };
            let reason = RejectReason {
                column: "reference".to_owned(),
                code: code.to_owned(),
                why,
            };
            let contact = self.contact(row)?;
            let says = Says {
                reference: self.stage.index(Some(&contact.reference)),
                row: row.first_line.map(|_| {
                    let (key, of) = (&self.stage.key, (row.jurisdiction.as_str(), row.flags));
                    row_key(
                        key,
                        &contact.keys(key).contact,
                        row.exposed,
                        &row.locale,
                        of,
                    )
                }),
            };
            let cells = self.cells(row, &contact);
            self.stage
                .keep(&mut rejects, row.line, &[reason], &cells, says);
        }
        Ok(rejects.into_copy())
    }

    fn contact(&self, row: &Refused) -> Result<Contact, ImportError> {
        let (key, incident) = (&self.stage.key, self.stage.incident);
        let contact = Contact::open(key, incident, &row.reference_key, &row.sealed)?;
        Ok(contact)
    }

    /// The cells of a staged row again, in the order of the file.
    fn cells(&self, row: &Refused, contact: &Contact) -> Vec<String> {
        let elements = ElementSet::from_bits_truncate(row.exposed);
        let cell = |column: &String| match column.as_str() {
            "reference" => contact.reference.clone(),
            "email" => contact
                .email
                .as_ref()
                .map(|e| e.as_str().to_owned())
                .unwrap_or_default(),
            "name" => contact.name.clone().unwrap_or_default(),
            "postcode" => contact.postcode.clone().unwrap_or_default(),
            "address" => contact.address.clone().unwrap_or_default(),
            "locale" => row.locale.clone(),
            "jurisdiction" => row.jurisdiction.clone(),
            "elements" => elements.to_string(),
            "flags" => Flags::from_bits(row.flags).unwrap_or_default().to_string(),
            _ => String::new(),
        };
        self.columns.iter().map(cell).collect()
    }
}
