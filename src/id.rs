//! Every typed id, in one register.
//!
//! An id is a UUIDv7 with a prefix that says what it names: `inc_0192…`. The program makes all ids;
//! they sort by the time of their making. Ids of the big family carry their bucket in the last six
//! bits, so that one id finds its row on a partitioned or distributed table.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Timestamp, Uuid};

/// Into how many buckets the people of an incident are spread (docs/architecture.md).
pub const BUCKETS: i32 = 64;

/// Text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_ and 32 hexadecimal digits")]
pub struct NotAnId {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

fn v7(at: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(
        NoContext,
        seconds,
        at.timestamp_subsec_nanos(),
    ))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, DieselNewType, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// What stands before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, made at `at`.
            pub fn new(at: DateTime<Utc>) -> Self {
                Self(v7(at))
            }

            /// The bare UUID.
            pub fn uuid(self) -> Uuid {
                self.0
            }

            /// The id that a bare UUID stands for.
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or(NotAnId { prefix: $prefix })
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    )*};
}

macro_rules! in_buckets {
    ($($name:ident)*) => {$(
        impl $name {
            /// A new id in `bucket` (0..[`BUCKETS`]), made at `at`.
            pub fn in_bucket(bucket: i32, at: DateTime<Utc>) -> Self {
                Self::living_in(bucket, v7(at))
            }

            /// The same, of random octets that the caller drew: for those who make millions.
            pub fn in_bucket_of(bucket: i32, at: DateTime<Utc>, random: [u8; 10]) -> Self {
                let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
                let builder = uuid::Builder::from_unix_timestamp_millis(millis, &random);
                Self::living_in(bucket, builder.into_uuid())
            }

            fn living_in(bucket: i32, id: Uuid) -> Self {
                let mut bytes = id.into_bytes();
                bytes[15] = (bytes[15] & 0xC0) | u8::try_from(bucket & (BUCKETS - 1)).unwrap_or(0);
                Self(Uuid::from_bytes(bytes))
            }

            /// The bucket in which the row of this id lives.
            pub fn bucket(self) -> i32 {
                i32::from(self.0.as_bytes()[15]) & (BUCKETS - 1)
            }
        }
    )*};
}

ids! {
    /// A public update of an incident.
    UpdateId = "upd",
    /// One launch of a template to an audience.
    CampaignId = "cmp",
    /// One breach.
    IncidentId = "inc",
    /// An API key.
    KeyId = "key",
    /// A session of staff.
    SessionId = "ses",
    /// An event of the audit log.
    EventId = "aud",
    /// A letter that is not a notice.
    LetterId = "ltr",
    /// One person's message in one campaign.
    NoticeId = "ntc",
    /// One affected human in one incident.
    PersonId = "per",
    /// A list of letters that was taken for the post.
    PostalId = "pst",
    /// A text that was sent and is wrong.
    RecallId = "rcl",
    /// A process that sends, from its start to its end.
    SenderId = "snd",
    /// A member of staff, or the account of an API key.
    StaffId = "stf",
    /// A template.
    TemplateId = "tpl",
    /// A customer's matter.
    TicketId = "tkt",
    /// An affected list that arrives in pieces.
    UploadId = "upl",
}

in_buckets! { NoticeId PersonId }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_keeps_its_bucket() {
        let at = DateTime::from_timestamp(1_700_000_000, 5).expect("a valid time");
        for bucket in 0..BUCKETS {
            let id = PersonId::in_bucket(bucket, at);
            assert_eq!(id.bucket(), bucket);
            assert_eq!(id.to_string().parse(), Ok(id));
            let drawn = PersonId::in_bucket_of(bucket, at, [0xff; 10]);
            assert_eq!(drawn.bucket(), bucket);
            assert_eq!(drawn.uuid().as_bytes()[..6], id.uuid().as_bytes()[..6]);
            assert_eq!(drawn.uuid().get_version_num(), 7);
        }
        assert!("ntc_0".parse::<NoticeId>().is_err());
        assert!(PersonId::new(at).to_string().parse::<NoticeId>().is_err());
    }
}
