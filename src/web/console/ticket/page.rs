//! Reads the ticket page of an agent: the conversation, the composer with the next states, the person.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;

use super::composer::composer;
use super::conflict;
use super::delivery::{ReplyChannel, answer_delivery, delivery};
use super::draft::Draft;
use super::person;
use super::resolution;
use super::view::TicketPage;
use crate::app::App;
use crate::incident;
use crate::outbox::{self, Delivery};
use crate::staff::{self, Right};
use crate::ticket::status::Need;
use crate::ticket::{self, MessageKind, Ticket, TicketStatus, store};
use crate::web::caller::Signed;
use crate::web::console::helpline::work;
use crate::web::console::names::Names;
use crate::web::console::{Button, Choice};
use crate::web::conversation::Message;
use crate::web::frame;
use crate::web::page::{self, Area, ConsoleFrame, Flash, Moment, Tone};
use crate::web::problem::{Answer, Problem};

/// Shows the page.
///
/// # Errors
/// Database errors.
pub async fn show(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    ticket: &Ticket,
    status: StatusCode,
    draft: Draft,
) -> Answer {
    let mut conn = app.db.get().await?;
    let staff = staff::store::list(&mut conn).await?;
    let names = Names::of_staff(&staff);
    let incident = incident::store::find(&mut conn, ticket.incident).await?;
    let key = incident.key(&app.keys).map_err(Problem::broken)?;
    let found = person::find(&mut conn, key.as_ref(), ticket).await?;
    let due = ticket
        .due_at(app.config.helpline.answer_hours)
        .filter(|_| ticket.subject.is_some());
    let reopen_days = app.config.helpline.reopen_days;
    let locked = locked(app, who, ticket, &names);
    let letters = outbox::store::of_ticket(&mut conn, ticket.id).await?;
    let channel = ReplyChannel::load(&mut conn, &app.keys, &incident, found.as_ref()).await?;
    let messages = store::thread_with(&mut conn, key.as_ref(), ticket, 0).await?;
    let thread = thread(app, &messages, &names, (&letters, &channel));
    let is_shown = ticket.person.is_some() && store::is_shown(&mut conn, ticket.id).await?;
    let answered = answer_delivery(ticket, &thread, &letters, &channel);
    let flash = flash(&draft, &locked, &answered);
    let desk = frame::console(app, &mut conn, req, who, Area::Helpline).await?;
    let view = TicketPage {
        desk: ConsoleFrame { flash, ..desk },
        work: work::work(app, &mut conn, who, &names).await?,
        id: ticket.id.to_string(),
        incident: incident.title,
        number: ticket.number.to_string(),
        status: ticket.status,
        label: match is_shown {
            true => ticket.label_customer(app.now(), ticket.hears(app.now(), reopen_days)),
            false => "",
        }
        .to_owned(),
        call: call_in_words(ticket, is_shown),
        ended: {
            let name = |actor: &str| names.of_actor(actor);
            resolution::how_it_ended(&mut conn, key.as_ref(), ticket, name).await?
        },
        version: i64::from(ticket.version),
        why: ticket.urgency.why.clone(),
        due: due.map(|at| Moment::until(at, app.now())),
        overdue: due.is_some_and(|at| at < app.now()),
        assignee: ticket.assignee.map(|id| names.of(id)).unwrap_or_default(),
        thread,
        conflict: draft
            .conflict
            .as_deref()
            .map(|conflict| conflict::in_words(app, who, &names, conflict)),
        buttons: buttons(who, ticket, is_free(app, ticket), &locked),
        agents: agents(staff, who, ticket),
        person: {
            let of = (ticket, key.as_ref());
            person::zone(app, &mut conn, of, found.as_ref()).await?
        },
        composer: (locked.is_empty() || !draft.is_empty())
            .then(|| composer(ticket, found.as_ref(), &channel, draft)),
        locked,
    };
    Ok(page::show(status, &view)?)
}

/// Why `who` cannot write here; empty if they can.
fn locked(app: &App, who: &Signed, ticket: &Ticket, names: &Names) -> String {
    let holder = ticket.held_by(app.now()).filter(|holder| *holder != who.id);
    if !who.may(Right::WorkTickets) {
        "You may read tickets, not answer them.".to_owned()
    } else if ticket.subject.is_none() {
        "Its incident was forgotten: what was written here can no longer be read or answered."
            .to_owned()
    } else if let Some(holder) = holder {
        format!("{} is working on this ticket.", names.of(holder))
    } else if is_free(app, ticket) {
        "Take this ticket to answer it.".to_owned()
    } else if ticket.status == TicketStatus::Closed {
        "This ticket is closed for good. If the customer writes again, a new one follows it."
            .to_owned()
    } else {
        String::new()
    }
}

/// What an agent must know about a call before writing in its ticket.
fn call_in_words(ticket: &Ticket, is_shown: bool) -> String {
    let words = match (ticket.person, ticket.caller_verified) {
        _ if !ticket.is_call() => "",
        (None, _) => "The caller was not found in the list.",
        (Some(_), true) => {
            "The caller was verified. The person reads on their page that they called, and nothing of this log."
        }
        (Some(_), false) if is_shown => {
            "The caller was not verified. The person reads on their page that somebody called about them, and what we \
             wrote to them."
        }
        (Some(_), false) => {
            "The caller was not verified. The person sees nothing of it on their page unless we write to them here."
        }
    };
    words.to_owned()
}

/// Whether any agent may take it.
fn is_free(app: &App, ticket: &Ticket) -> bool {
    ticket.status == TicketStatus::New || ticket.is_in_line(app.now())
}

fn flash(draft: &Draft, locked: &str, answered: &str) -> Option<Flash> {
    let fault = draft
        .faults
        .0
        .first()
        .filter(|_| !locked.is_empty() && draft.is_empty());
    if let Some(fault) = fault {
        return Some(Flash {
            tone: Tone::Look,
            text: fault.text.clone(),
        });
    }
    let text = match draft.did.as_str() {
        "reply" => answered,
        "note" => "Note saved. The customer does not see it.",
        "move" => "The state is changed.",
        "take" => "You have this ticket now.",
        "release" => "Given back to the queue. It kept its place.",
        "assign" => "Assigned.",
        "call" => "Call logged.",
        _ => return None,
    };
    let rest = match (draft.is_empty(), draft.as_note) {
        (true, _) => "",
        (false, true) => " The note that you typed is below, not saved yet.",
        (false, false) => " The reply that you typed is below, not sent yet.",
    };
    Some(Flash {
        tone: Tone::Done,
        text: format!("{text}{rest}"),
    })
}

fn thread(
    app: &App,
    messages: &[ticket::Message],
    names: &Names,
    (letters, channel): (&[Delivery], &ReplyChannel),
) -> Vec<Message> {
    let shown = messages.iter().map(|message| {
        let sent = letters.iter().find(|letter| {
            letter.message_no == Some(message.no) && message.kind == MessageKind::Agent
        });
        let delivery = sent
            .map(|letter| delivery(letter, channel))
            .unwrap_or_default();
        let at = Moment::ago(message.at, app.now());
        Message::of(message, names.of_actor(&message.author), at, delivery)
    });
    shown.collect()
}

/// The buttons for transitions without a message. Transitions with a message belong to the composer.
fn buttons(who: &Signed, ticket: &Ticket, free: bool, locked: &str) -> Vec<Button> {
    if !who.may(Right::WorkTickets) || ticket.subject.is_none() {
        return Vec::new();
    }
    let button = |name: &str, words: &str, look, sure: &str| Button {
        name: name.to_owned(),
        words: words.to_owned(),
        look,
        sure: sure.to_owned(),
        tick: String::new(),
        blocked: if free {
            String::new()
        } else {
            locked.to_owned()
        },
    };
    let mut buttons = Vec::new();
    if free {
        buttons.push(button("take", "Take it", "", ""));
    } else if ticket.assignee == Some(who.id) {
        buttons.push(button("release", "Give back", "quiet", ""));
    }
    for to in ticket.status.offered() {
        match (ticket.status.need(to), to) {
            (_, TicketStatus::Open) if free => {}
            (_, TicketStatus::Open) => buttons.push(button("open", "Open again", "quiet", "")),
            (Need::Clearance, _) => {
                let spam = "The customer gets no answer and no mail. It is closed for good and cannot be opened again.";
                buttons.push(button("closed:spam", "Close as spam", "danger", spam));
                let same = "The customer gets no mail; their page says that another question has the answer. Answer on the \
                            other ticket: this one is closed for good.";
                buttons.push(button(
                    "closed:duplicate",
                    "Close as duplicate",
                    "quiet",
                    same,
                ));
            }
            (
                Need::Nothing | Need::Message | Need::Reason | Need::Review | Need::Answer,
                TicketStatus::New
                | TicketStatus::Pending
                | TicketStatus::OnHold
                | TicketStatus::Solved
                | TicketStatus::Closed,
            ) => {}
        }
    }
    buttons
}

fn agents(mut staff: Vec<staff::Staff>, who: &Signed, ticket: &Ticket) -> Vec<Choice> {
    if !who.may(Right::LeadTickets) || ticket.status.is_done() || ticket.subject.is_none() {
        return Vec::new();
    }
    staff.retain(|one| one.is_person() && one.may(Right::WorkTickets) && one.disabled_at.is_none());
    let choice = |one: &staff::Staff| Choice {
        value: one.id.to_string(),
        words: one.name.clone(),
    };
    staff.iter().map(choice).collect()
}
