//! Notifications between processes (LISTEN and NOTIFY): a commit notifies, and all listeners poll at once instead of at
//! their next interval. Listeners must still poll at an interval: a broken connection delivers nothing.

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client};

use super::{Conn, Db, Result};
use diesel_async::RunQueryDsl;

/// The channel on which whatever changes what senders may do is announced: a campaign, or everything, is paused or
/// resumed, a list comes into force, an incident is forgotten, the database is in doubt.
pub const SEND_PERMISSION: &str = "candor_gate";

/// A connection that listens on one channel.
pub struct Listener {
    notified: mpsc::Receiver<()>,
    /// The end of the client would be the end of its connection.
    _client: Client,
}

impl Listener {
    /// Listens on the channel `name` of this schema: channels belong to the whole database.
    ///
    /// # Errors
    /// [`super::Error::Unavailable`] if the database cannot be reached.
    pub async fn listen(db: &Db, name: &str) -> Result<Self> {
        let (client, mut messages) = db.connector().open().await?;
        // One waiting notification is as good as many.
        let (notifier, notified) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(Ok(message)) = messages.next().await {
                if matches!(message, AsyncMessage::Notification(_)) {
                    let _ = notifier.try_send(());
                }
            }
        });
        let here = "select quote_ident($1::text || '_' || coalesce(current_schema(), ''))";
        let channel: String = client.query_one(here, &[&name]).await?.get(0);
        client.batch_execute(&format!("listen {channel}")).await?;
        Ok(Self {
            notified,
            _client: client,
        })
    }

    /// Waits for the next notification. `false`: the connection is gone.
    pub async fn next(&mut self) -> bool {
        self.notified.recv().await.is_some()
    }
}

/// Notifies the listeners of the channel when the transaction commits.
///
/// # Errors
/// The database's.
pub async fn send(conn: &mut Conn, name: &str) -> Result<()> {
    diesel::sql_query("select pg_notify($1 || '_' || coalesce(current_schema(), ''), '')")
        .bind::<diesel::sql_types::Text, _>(name)
        .execute(conn)
        .await?;
    Ok(())
}
