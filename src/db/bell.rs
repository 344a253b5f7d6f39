//! Notifications between processes (LISTEN and NOTIFY): a commit notifies, and all listeners poll at once instead of at
//! their next interval. Listeners must still poll at an interval: a broken connection delivers nothing.

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client};

use super::{Conn, Db, Result};
use diesel_async::RunQueryDsl;

/// A connection that listens.
pub struct Bell {
    heard: mpsc::Receiver<()>,
    /// The end of the client would be the end of its connection.
    _client: Client,
}

impl Bell {
    /// Listens for what is rung under this name in this schema: the names are the database's.
    ///
    /// # Errors
    /// [`super::Error::Unavailable`] if the database cannot be reached.
    pub async fn listen(db: &Db, name: &str) -> Result<Self> {
        let (client, mut messages) = db.connector().open().await?;
        // One ring that waits is as good as many.
        let (rung, heard) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(Ok(message)) = messages.next().await {
                if matches!(message, AsyncMessage::Notification(_)) {
                    let _ = rung.try_send(());
                }
            }
        });
        let here = "select quote_ident($1::text || '_' || coalesce(current_schema(), ''))";
        let channel: String = client.query_one(here, &[&name]).await?.get(0);
        client.batch_execute(&format!("listen {channel}")).await?;
        Ok(Self {
            heard,
            _client: client,
        })
    }

    /// Waits for the next ring. `false`: the connection is gone.
    pub async fn heard(&mut self) -> bool {
        self.heard.recv().await.is_some()
    }
}

/// Rings when the transaction commits.
///
/// # Errors
/// The database's.
pub async fn ring(conn: &mut Conn, name: &str) -> Result<()> {
    diesel::sql_query("select pg_notify($1 || '_' || coalesce(current_schema(), ''), '')")
        .bind::<diesel::sql_types::Text, _>(name)
        .execute(conn)
        .await?;
    Ok(())
}
