//! Rows whose reference stands on an earlier line of the list: found by the database, and refused.

use bytes::Bytes;
use futures_util::TryStreamExt;
use tokio_postgres::Client;

use super::error::ImportError;
use super::kinds::Kinds;
use super::stage::Stage;
use crate::element::ElementSet;
use crate::person::contact::Contact;
use crate::person::flags::Flags;
use crate::scope::RejectReason;
use crate::scope::csv::Reason;
use crate::scope::store::{self, Duplicate, Own};

/// Rejects written at once.
const REJECTS: usize = 4_096;

/// Where the rows are, and what is needed to write them as they were.
pub(super) struct Twice<'a> {
    pub(super) client: &'a Client,
    pub(super) helper: &'a Client,
    pub(super) stage: &'a Stage,
    pub(super) own: Option<&'a Own>,
    /// The columns of the file, in its order.
    pub(super) columns: &'a [String],
}

impl Twice<'_> {
    /// Makes rejects of them, and takes them out of `kinds`; how many.
    pub(super) async fn refuse(&self, kinds: &mut Kinds) -> Result<i64, ImportError> {
        let Self { own, .. } = *self;
        let Stage {
            incident, version, ..
        } = *self.stage;
        let found = store::find_duplicates(self.client, own, incident, version).await?;
        let found = found.map_err(ImportError::Db).try_chunks(REJECTS);
        tokio::pin!(found);
        let mut count = 0;
        // The rows still come in on the one connection while their rejects go out on the other.
        while let Some(some) = found.try_next().await.map_err(|e| e.1)? {
            count += some.len();
            for row in &some {
                if row.flags & Flags::RETRACT.bits() == 0 {
                    kinds.add(row.bucket, row.exposed, &row.jurisdiction, -1);
                }
            }
            store::copy_rejects(self.helper, self.rejects_of(&some)?).await?;
        }
        if count > 0 {
            store::delete_duplicates(self.client, own, incident, version).await?;
        }
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn rejects_of(&self, duplicates: &[Duplicate]) -> Result<Bytes, ImportError> {
        let Stage {
            incident, version, ..
        } = *self.stage;
        let mut rejects = store::Rejects::new(incident, version);
        for row in duplicates {
            let reason = RejectReason {
                column: "reference".to_owned(),
                code: Reason::DuplicateReference.code().to_owned(),
                why: format!("The reference stands on line {} too.", row.first_line),
            };
            let cells = self.cells(row)?;
            self.stage.keep(&mut rejects, row.line, &[reason], &cells);
        }
        Ok(rejects.into_copy())
    }

    /// The cells of a staged row again, in the order of the file.
    fn cells(&self, row: &Duplicate) -> Result<Vec<String>, ImportError> {
        let (key, incident) = (&self.stage.key, self.stage.incident);
        let contact = Contact::open(key, incident, &row.reference_key, &row.sealed)?;
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
        Ok(self.columns.iter().map(cell).collect())
    }
}
