//! What a list would change: its staged rows beside the people in force.

use std::io;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use tokio_postgres::Client;

use super::kinds::Kinds;
use super::stage::List;
use super::{ImportError, Read, Work};
use crate::db;
use crate::element::ElementSet;
use crate::id::BUCKETS;
use crate::scope::activate::AT_ONCE;
use crate::scope::delta::{Class, Difference};
use crate::scope::store;

/// Fewer rows than this are not worth statistics.
const WORTH_ANALYZING: i64 = 500;

impl Work<'_> {
    /// Compares the staged rows with the people in force; how many duplicates were among them.
    pub(super) async fn compare<R: io::Read>(
        &self,
        list: &List<R>,
        read: &mut Read,
    ) -> Result<(i64, Difference), ImportError> {
        store::summarize(self.client).await?;
        if read.at.accepted >= WORTH_ANALYZING {
            store::analyze(self.client).await?;
        }
        let mut duplicates = 0;
        if !list.is_distinct() {
            duplicates = self.twice().refuse(&mut read.kinds).await?;
        }
        let mut difference = self.none_yet();
        let each = |bucket, class: Class| {
            if let (Some(now), Some(under)) = (class.now, &class.now_under) {
                read.kinds.add(bucket, now.bits(), under, -class.people);
            }
            difference.add(bucket, class);
        };
        if read.at.accepted > AT_ONCE {
            self.compare_by_bucket(each).await?;
        } else {
            self.differences(self.client, 0..BUCKETS, each).await?;
        }
        self.add_new(&mut difference, &read.kinds)?;
        Ok((duplicates, difference))
    }

    /// A long list lies on nearly every page of people: bucket by bucket each page is read once, and what it is
    /// compared with stays in the processor's caches. On two connections.
    async fn compare_by_bucket(&self, each: impl FnMut(i32, Class)) -> Result<(), ImportError> {
        let each = Mutex::new(each);
        let every_other = async |client: &Client, first| {
            store::find_by_index(client).await?;
            for bucket in (first..BUCKETS).step_by(2) {
                let tell = |bucket, class| {
                    (each.lock().unwrap_or_else(PoisonError::into_inner))(bucket, class);
                };
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
        each: impl FnMut(i32, Class),
    ) -> Result<(), ImportError> {
        let (incident, version) = (self.stage.incident, self.stage.version);
        Ok(store::compare(client, incident, version, self.mode, buckets, each).await?)
    }

    pub(super) fn none_yet(&self) -> Difference {
        Difference::of(self.columns.clone())
    }

    /// Adds those of whom nothing was known.
    pub(super) fn add_new(
        &self,
        difference: &mut Difference,
        kinds: &Kinds,
    ) -> Result<(), ImportError> {
        for (bucket, bits, under, people) in kinds.iter().filter(|(.., people)| *people > 0) {
            let now = ElementSet::from_bits(bits);
            let class = Class {
                before: None,
                now: Some(
                    now.ok_or_else(|| db::Error::inconsistent("person", self.stage.incident))?,
                ),
                before_under: None,
                now_under: Some(under.to_owned()),
                contact: false,
                people,
            };
            difference.add(bucket, class);
        }
        Ok(())
    }
}
