//! What the page says of people on a list that waits whose reference was given to another person.

use std::collections::HashMap;
use std::time::Duration;

use crate::app::App;
use crate::db::Conn;
use crate::id::{IncidentId, PostalId};
use crate::postal::store;
use crate::web::figures::count;
use crate::web::problem::Problem;

/// How long a page waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sentences by list; none of a list without such people, or if finding them takes longer than a page waits. The file
/// names them so in any case.
pub(crate) async fn on_lists(
    app: &App,
    of: IncidentId,
) -> Result<HashMap<PostalId, String>, Problem> {
    let find = async |conn: &mut Conn| store::former_on_lists(conn, of).await;
    let found = app.db.read_within(PATIENCE, find).await?;
    let sentences = found.unwrap_or_default().into_iter();
    Ok(sentences.map(|(id, n)| (id, sentence(n))).collect())
}

fn sentence(people: i64) -> String {
    let who = match people {
        1 => "1 person on this list was".to_owned(),
        n => format!("{} people on this list were", count(n)),
    };
    format!(
        "{who} listed under a reference that names somebody else by now. In the file, the column “reference” has the id \
         of each, and “former_reference” the old reference."
    )
}
