//! People on a waiting list with a reference that was reassigned to another person.

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

/// The sentence of each list with such people; none if they are not found in time. The file marks them in any case.
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
        "{who} listed under a reference that now names another person. In the file, the column “reference” has the id \
         of each, and “former_reference” the old reference."
    )
}
