//! Reads the ticket page of an agent: the conversation, the composer with the next states, the person.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};

use super::composer::composer;
use super::conflict;
use super::delivery::{ReplyChannel, answer_delivery, delivery};
use super::draft::Draft;
use super::person;
use super::resolution;
use super::view::TicketPage;
use crate::app::App;
use crate::outbox::Delivery;
use crate::staff::{self, Right};
use crate::ticket::status::Need;
use crate::ticket::store::{Desk, TicketName};
use crate::ticket::{self, MessageKind, Ticket, TicketStatus, store};
use crate::web::caller::Signed;
use crate::web::console::helpline::work;
use crate::web::console::names::Names;
use crate::web::console::{Button, Choice};
use crate::web::conversation::Message;
use crate::web::frame;
use crate::web::page::{self, Area, ConsoleFrame, Flash, Moment, Tone};
use crate::web::problem::{Answer, Problem};

/// A message, and the e-mail that carries it.
type Said = (ticket::Message, Option<Delivery>);

/// Reads a ticket with what else the page shows of tickets.
///
/// # Errors
/// 404.
pub(crate) async fn load(app: &App, who: &Signed, name: &TicketName) -> Result<Desk, Problem> {
    let mut conn = app.db.get().await?;
    Ok(store::desk(&mut conn, &app.keys, name, who.id).await?)
}

/// Shows the page of a ticket, as it is now.
///
/// # Errors
/// Database errors.
pub(crate) async fn show(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    ticket: &Ticket,
    status: StatusCode,
    draft: Draft,
) -> Answer {
    let of = load(app, who, &TicketName::Id(ticket.id)).await?;
    show_desk(app, req, who, of, status, draft).await
}

/// Shows the page of a ticket that was read for it.
///
/// # Errors
/// Database errors.
pub(crate) async fn show_desk(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Desk,
    status: StatusCode,
    draft: Draft,
) -> Answer {
    let mut conn = app.db.get().await?;
    let staff = staff::store::list(&mut conn).await?;
    let names = Names::of_staff(&staff);
    let ticket = &of.ticket;
    let found = person::find(&mut conn, &of).await?;
    let channel = ReplyChannel::of(of.key.as_ref(), found.as_ref())?;
    let messages = store::thread_with_letters(&mut conn, of.key.as_ref(), ticket).await?;
    let locked = locked(app, who, ticket, &names);
    let desk = frame::console(app, &mut conn, req, who, Area::Helpline).await?;
    let flash = flash(&draft, &locked, &answered(ticket, &messages, &channel));
    let conflict = draft.conflict.as_deref();
    let conflict = conflict.map(|conflict| conflict::in_words(app, who, &names, conflict));
    let may_write = locked.is_empty() || !draft.is_empty();
    let person = found.as_ref().map(|found| &found.known.person);
    let composer = may_write.then(|| composer(ticket, person, &channel, draft));
    let head = Head::of(app, ticket, &messages);
    let view = TicketPage {
        desk: ConsoleFrame { flash, ..desk },
        id: ticket.id.to_string(),
        number: ticket.number.to_string(),
        status: ticket.status,
        label: head.label,
        call: head.call,
        ended: resolution::how_it_ended(ticket, &of.ends, |actor| names.of_actor(actor)),
        version: i64::from(ticket.version),
        why: ticket.urgency.why.clone(),
        due: head.due.map(|at| Moment::until(at, app.now())),
        overdue: head.due.is_some_and(|at| at < app.now()),
        assignee: ticket.assignee.map(|id| names.of(id)).unwrap_or_default(),
        thread: thread(app, &messages, &names, &channel),
        conflict,
        buttons: buttons(who, ticket, is_free(app, ticket), &locked),
        agents: agents(staff, who, ticket),
        person: person::zone(app, &mut conn, &of, found).await?,
        composer,
        locked,
        work: work::of(app, who, &names, of.waiting, of.mine),
        incident: of.incident_title,
    };
    Ok(page::show(status, &view)?)
}

/// Lines at the head of the page.
struct Head {
    label: String,
    call: String,
    due: Option<DateTime<Utc>>,
}

impl Head {
    fn of(app: &App, ticket: &Ticket, messages: &[Said]) -> Self {
        let said = messages.iter().map(|(message, _)| message);
        let is_shown = ticket.person.is_some() && store::is_shown_with(ticket, said);
        let helpline = &app.config.helpline;
        let hears = ticket.hears(app.now(), helpline.reopen_days);
        let due = ticket.due_at(helpline.answer_hours);
        Self {
            label: match is_shown {
                true => ticket.label_customer(app.now(), hears).to_owned(),
                false => String::new(),
            },
            call: call_in_words(ticket, is_shown),
            due: due.filter(|_| ticket.subject.is_some()),
        }
    }
}

/// The delivery of the last answer.
fn answered(ticket: &Ticket, messages: &[Said], channel: &ReplyChannel) -> String {
    let mut newest_first = messages.iter().rev();
    let last = newest_first.find(|(message, _)| message.kind == MessageKind::Agent);
    let letter = last.and_then(|(_, letter)| letter.as_ref());
    answer_delivery(ticket, letter, channel)
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

fn thread(app: &App, messages: &[Said], names: &Names, channel: &ReplyChannel) -> Vec<Message> {
    let shown = messages.iter().map(|(message, letter)| {
        let sent = letter
            .as_ref()
            .filter(|_| message.kind == MessageKind::Agent);
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
