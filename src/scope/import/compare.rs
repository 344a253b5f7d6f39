//! What a list would change: its staged rows compared with the people in force.

use std::io;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use tokio_postgres::Client;

use super::ImportError;
use super::list::List;
use super::work::{Read, Work};
use crate::db;
use crate::id::BUCKETS;
use crate::scope::delta::Difference;
use crate::scope::difference::{AT_ONCE, add_new, ask, count};
use crate::scope::store::{self, Compared};

/// Fewer rows than this are not worth statistics.
const WORTH_ANALYZING: i64 = 500;

impl Work<'_> {
    /// Compares the staged rows with the people in force; how many of them were refused first.
    pub(super) async fn compare<R: io::Read>(
        &self,
        list: &List<R>,
        read: &mut Read,
    ) -> Result<(i64, Difference), ImportError> {
        let refused = self.prepare(list, read).await?;
        let mut difference = self.none_yet();
        let mut moved = false;
        let each = |compared: Compared| {
            moved |= compared.is_moved();
            count(
                &mut difference,
                &mut read.row_counts,
                self.stage.incident,
                &compared,
            )
        };
        if read.at.accepted > AT_ONCE {
            self.compare_by_bucket(each).await?;
        } else {
            self.differences(self.client, 0..BUCKETS, each).await?;
        }
        let (incident, version) = (self.stage.incident, self.stage.version);
        if moved {
            self.find_others(read.at.accepted).await?;
        }
        let mut conn = self.app.db.get().await?;
        if moved {
            ask(&mut conn, incident, version, &mut difference.delta).await?;
        }
        if read.at.rejected + refused > 0 {
            difference.delta.kept =
                store::count_kept(&mut conn, incident, version, self.mode).await?;
        }
        add_new(&mut difference, incident, &read.row_counts)?;
        Ok((refused, difference))
    }

    /// Refuses staged rows that the list alone does not show to be wrong, and completes the others; how many were
    /// refused.
    pub(super) async fn prepare<R: io::Read>(
        &self,
        list: &List<R>,
        read: &mut Read,
    ) -> Result<i64, ImportError> {
        store::summarize(self.client).await?;
        if read.at.accepted >= WORTH_ANALYZING {
            store::analyze(self.client).await?;
        }
        let mut refused = 0;
        if !list.is_distinct() {
            refused = self.refuse().duplicates(&mut read.row_counts).await?;
        }
        if read.row_counts.rows() < read.at.accepted - refused {
            let former = Some(&self.former);
            refused += self
                .refuse()
                .strangers(former, &mut read.row_counts)
                .await?;
        }
        self.complete(read.at.accepted).await?;
        Ok(refused)
    }

    /// A long list lies on nearly every page of people: bucket by bucket each page is read once, and what it is
    /// compared with stays in the processor's caches. On two connections.
    async fn compare_by_bucket(
        &self,
        each: impl FnMut(Compared) -> db::Result<()>,
    ) -> Result<(), ImportError> {
        let each = Mutex::new(each);
        let every_other = async |client: &Client, first| {
            store::find_by_index(client).await?;
            for bucket in (first..BUCKETS).step_by(2) {
                let tell =
                    |compared| (each.lock().unwrap_or_else(PoisonError::into_inner))(compared);
                self.differences(client, bucket..bucket + 1, tell).await?;
            }
            Ok(())
        };
        let both = (every_other(self.client, 0), every_other(self.helper, 1));
        futures_util::future::try_join(both.0, both.1)
            .await
            .map(|_| ())
    }

    async fn differences(
        &self,
        client: &Client,
        buckets: Range<i32>,
        each: impl FnMut(Compared) -> db::Result<()>,
    ) -> Result<(), ImportError> {
        let (incident, version) = (self.stage.incident, self.stage.version);
        Ok(store::compare(client, incident, version, self.mode, buckets, each).await?)
    }

    pub(super) fn none_yet(&self) -> Difference {
        Difference::of(self.columns.clone(), self.absent())
    }

    /// Columns that the list lacks; a first list has nothing to keep.
    fn absent(&self) -> Vec<String> {
        match &self.own {
            Some(_) => Vec::new(),
            None => self.stage.lacks.names(),
        }
    }
}
