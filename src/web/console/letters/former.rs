//! What the page says of people on a list that waits whose reference was given to another person.

use std::collections::HashMap;
use std::time::Duration;

use crate::app::App;
use crate::db;
use crate::id::{IncidentId, PostalId};
use crate::postal::store;
use crate::web::figures::count;
use crate::web::problem::Problem;

/// How long a page waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sentences by list; none of a list without such people, or if finding them takes longer than a page waits. The file
/// names them so in any case.
pub(super) async fn on_lists(
    app: &App,
    of: IncidentId,
) -> Result<HashMap<PostalId, String>, Problem> {
    match found(app, of).await {
        Ok(found) => Ok(found.into_iter().map(|(id, n)| (id, sentence(n))).collect()),
        Err(error) if error.is_passing() => Ok(HashMap::new()),
        Err(error) => Err(error.into()),
    }
}

async fn found(app: &App, of: IncidentId) -> db::Result<Vec<(PostalId, i64)>> {
    let mut tx = app.db.begin_within(PATIENCE).await?;
    let found = store::former_on_lists(&mut tx, of).await;
    tx.roll_back().await;
    found
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
