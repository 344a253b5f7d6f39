//! `pg_enum!`: a Rust enum and a Postgres enum that are the same list of words.

/// Declares an enum with the same words in Rust, SQL, JSON, URLs and logs.
///
/// ```ignore
/// pg_enum! {
///     /// What it is.
///     pub enum Colour: Colour { /// like blood
///         Red = "red" }
/// }
/// ```
/// The name after the colon is the type in `db::schema::sql_types`.
#[macro_export]
macro_rules! pg_enum {
    ($(#[$doc:meta])* pub enum $name:ident: $sql:ident {
        $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
            serde::Serialize, serde::Deserialize,
        )]
        #[diesel(sql_type = $crate::db::schema::sql_types::$sql)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of the database.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::db::enums::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::db::enums::UnknownWord { one_of: &[$($word),+] }),
                }
            }
        }

        impl diesel::serialize::ToSql<$crate::db::schema::sql_types::$sql, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                use std::io::Write;
                out.write_all(self.as_str().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<$crate::db::schema::sql_types::$sql, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                let word = std::str::from_utf8(value.as_bytes())?;
                word.parse().map_err(|_| {
                    format!("the database says {:?} for {}", word, stringify!($name)).into()
                })
            }
        }
    };
}

/// The states of `all` from which `to` may be reached: the guard of an UPDATE, derived from a transition table.
pub fn before<S: Copy + PartialEq>(all: &[S], to: S, after: fn(S) -> &'static [S]) -> Vec<S> {
    let mut from = all.to_vec();
    from.retain(|from| after(*from).contains(&to));
    from
}

/// A word that the enum does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of: {}", one_of.join(", "))]
pub struct UnknownWord {
    /// The words it has.
    pub one_of: &'static [&'static str],
}
