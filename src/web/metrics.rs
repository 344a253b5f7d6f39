//! The figures of `/metrics` that are read from the database: from counters and small indexes, never from big tables.

use chrono::{DateTime, TimeDelta, Utc};

use crate::account::{self, Account};
use crate::app::App;
use crate::db::{self, Conn};
use crate::delivery::store::batch;
use crate::telemetry::Metrics;
use crate::{campaign, deployment, incident, outbox, ticket};

/// The number of incidents, the latest open ones, with metrics of their people: this limits the labels.
const INCIDENTS: usize = 20;

/// Reads the figures and sets the metrics.
pub(crate) async fn look(app: &App) -> db::Result<()> {
    let (mut conn, now, metrics) = (app.db.get().await?, app.now(), &app.metrics);
    let doubt = deployment::store::doubt(&mut conn).await?;
    metrics.in_doubt.set(doubt.is_some().into());
    let stopped = campaign::store::stopped(&mut conn).await?;
    metrics.stopped.set(stopped.is_some().into());
    let queue = batch::queue(&mut conn, now).await?;
    for (figure, value) in [
        ("due", queue.due),
        ("age", queue.age),
        ("silent", queue.silent),
        ("sending", campaign::store::sending_in_all(&mut conn).await?),
    ] {
        metrics.queue.with_label_values(&[figure]).set(value);
    }
    tickets(app, &mut conn, now).await?;
    let (waiting, oldest) = outbox::store::waiting(&mut conn).await?;
    metrics.outbox_waiting.set(waiting);
    metrics.outbox_oldest.set(seconds(oldest, now));
    people(&mut conn, metrics).await
}

/// Seconds since a moment, 0 if there is none or it is to come.
fn seconds(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> i64 {
    since.map_or(0, |since| (now - since).num_seconds().max(0))
}

async fn tickets(app: &App, conn: &mut Conn, now: DateTime<Utc>) -> db::Result<()> {
    let waiting = ticket::store::waiting(conn).await?;
    let hours = TimeDelta::try_hours(app.config.helpline.answer_hours).unwrap_or_default();
    let overdue = ticket::store::waiting_since_before(conn, now - hours).await?;
    for (state, value) in [("waiting", waiting.tickets), ("overdue", overdue)] {
        app.metrics.tickets.with_label_values(&[state]).set(value);
    }
    app.metrics.tickets_oldest.set(seconds(waiting.oldest, now));
    Ok(())
}

async fn people(conn: &mut Conn, metrics: &Metrics) -> db::Result<()> {
    let incidents = incident::store::list(conn).await?;
    let open = incidents.iter().filter(|incident| !incident.is_over());
    // Incidents that are over or no longer among the latest lose their labels.
    metrics.people.reset();
    let open: Vec<_> = open.take(INCIDENTS).collect();
    let ids: Vec<_> = open.iter().map(|incident| incident.id).collect();
    let accounts = account::accounts(conn, &ids).await?;
    for incident in open {
        let counted = accounts.get(&incident.id).copied().unwrap_or_default();
        for (standing, n) in standings(&counted) {
            let gauge = metrics
                .people
                .with_label_values(&[&*incident.slug, standing]);
            gauge.set(n);
        }
    }
    Ok(())
}

/// Everybody in scope has exactly one of these standings.
fn standings(counted: &Account) -> [(&'static str, i64); 5] {
    [
        ("notified", counted.notified),
        ("in_progress", counted.in_progress),
        ("needs_letter", counted.needs_letter),
        ("withheld", counted.withheld),
        ("unexplained", counted.unexplained),
    ]
}
