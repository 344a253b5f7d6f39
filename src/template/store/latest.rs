//! The newest texts of all templates.

use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::{VERSION, VersionRow, read};
use crate::db::{Conn, Result};
use crate::template::Template;

/// The newest versions, by name, of at most `most` templates.
///
/// # Errors
/// The database's.
pub(crate) async fn latest_texts(conn: &mut Conn, most: i64) -> Result<Vec<Template>> {
    let newest =
        "v.version = (select max(version) from template_version n where n.template_id = t.id)";
    let rows: Vec<VersionRow> =
        diesel::sql_query(format!("{VERSION} {newest} order by t.name limit $1"))
            .bind::<BigInt, _>(most)
            .load(conn)
            .await?;
    rows.into_iter().map(read).collect()
}
