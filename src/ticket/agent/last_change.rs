//! The latest change of a ticket, for an agent whose page is older than it.

use serde_json::Value;

use crate::actor::{Actor, System};
use crate::app::App;
use crate::audit::changed::{Changed, Edit, Part};
use crate::audit::{self, Action, Event};
use crate::db::{self, Conn};
use crate::ticket::{MessageKind, Ticket, store};

/// The acts of staff that change a ticket.
const ACTS: [Action; 8] = [
    Action::TicketAssign,
    Action::TicketCall,
    Action::TicketMove,
    Action::TicketNote,
    Action::TicketOpen,
    Action::TicketRelease,
    Action::TicketReply,
    Action::TicketTake,
];

/// The change that made the present version: an act of staff, else a message of the customer, else Candor's own, such as
/// the end of a lease. They are told apart by their time, which is that of the version.
pub(super) async fn last_change(conn: &mut Conn, app: &App, now: &Ticket) -> db::Result<Changed> {
    let acts = audit::store::list_acts(conn, &now.id.to_string(), &ACTS, 1).await?;
    let act = acts.into_iter().find(|act| act.at == now.updated_at);
    let edit = match act {
        Some(act) => return Ok(Changed::of(now.version, vec![act], parts)),
        None => not_by_staff(conn, app, now).await?,
    };
    Ok(Changed {
        version: now.version,
        edits: vec![edit],
    })
}

/// A change that no member of staff made.
async fn not_by_staff(conn: &mut Conn, app: &App, now: &Ticket) -> db::Result<Edit> {
    let last = store::thread(conn, &app.keys, now, now.messages - 1).await?;
    let words = last
        .into_iter()
        .find(|message| message.kind == MessageKind::Customer && message.at == now.updated_at);
    let (by, parts) = match words {
        Some(words) => (words.author, vec![message(words.no.into())]),
        None if now.assignee.is_none() => (
            Actor::System(System::Helpline).to_string(),
            vec![Part::new("assignee", "it is back in the queue")],
        ),
        None => (Actor::System(System::Helpline).to_string(), Vec::new()),
    };
    Ok(Edit {
        by: Some(by),
        action: None,
        at: now.updated_at,
        parts,
    })
}

fn message(no: i64) -> Part {
    Part::new(format!("message:{no}"), format!("message {no} is new"))
}

/// What an act of staff changed of a ticket.
fn parts(event: &Event) -> Vec<Part> {
    let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let said = detail["message"].as_i64().map(message);
    let (from, to) = (&detail["from"], detail["then"].as_str());
    let to = to.or(detail["to"].as_str());
    let moved = to.filter(|to| from.as_str().is_some_and(|from| from != *to));
    let status = moved.map(|to| Part::state("status", from.as_str(), to));
    match Action::parse(&event.action) {
        Some(Action::TicketAssign | Action::TicketTake) => {
            vec![Part::new("assignee", "an agent has it")]
        }
        Some(Action::TicketRelease) => vec![Part::new("assignee", "it is back in the queue")],
        _ => said.into_iter().chain(status).collect(),
    }
}
