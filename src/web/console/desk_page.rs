//! The agent's screen, filled: the conversation, the composer with what may come next, the person.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;

use super::delivery::{Reach, answered, delivery};
use super::ticket::{Composer, TicketPage};
use super::work::{self, Names};
use super::{Choice, Deed, conflict, ended, person};
use crate::app::App;
use crate::db::Conn;
use crate::incident;
use crate::outbox::{self, Delivery};
use crate::person::Person;
use crate::staff::{self, Right};
use crate::ticket::desk;
use crate::ticket::guard::Refusal;
use crate::ticket::status::Need;
use crate::ticket::{MessageKind, Ticket, TicketResolution, TicketStatus, store};
use crate::web::caller::Signed;
use crate::web::conversation::{Message, sentence};
use crate::web::frame;
use crate::web::page::{self, Area, Desk, Fault, Faults, Flash, Moment, Tone};
use crate::web::problem::{Answer, Problem};

/// What an agent had typed, and why it was not done.
#[derive(Default)]
pub struct Draft {
    /// Whether the note tab is open.
    pub as_note: bool,
    /// The words to the customer.
    pub reply: String,
    /// The words to colleagues.
    pub note: String,
    /// How it was to end.
    pub resolution: String,
    /// What a hold waits for.
    pub reason: String,
    /// When to look again.
    pub review_on: String,
    /// Why it was refused.
    pub faults: Faults,
    /// What came in meanwhile.
    pub conflict: Option<Box<desk::Conflict>>,
    /// What was done last.
    pub did: String,
}

impl Draft {
    /// Adds why it was refused; no field means the words themselves.
    pub fn refused(mut self, field: &str, why: impl std::fmt::Display) -> Self {
        let words = if self.as_note { "note" } else { "reply" };
        let field = if field.is_empty() { words } else { field };
        self.faults.0.push(Fault {
            field: field.to_owned(),
            text: sentence(why),
        });
        self
    }

    /// Whether nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.reply.trim().is_empty() && self.note.trim().is_empty()
    }

    /// What is left once the words of the open tab were sent: those of the other, which is open then.
    #[must_use]
    pub fn without_sent(self) -> Self {
        match self.as_note {
            true => Self {
                note: String::new(),
                as_note: false,
                ..self
            },
            false => Self {
                note: self.note,
                as_note: true,
                ..Self::default()
            },
        }
    }
}

/// The field in which something is missing.
pub fn field_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Needs(Need::Review) => "review_on",
        Refusal::Needs(Need::Reason) => "reason",
        Refusal::Needs(Need::Answer | Need::Clearance) => "resolution",
        _ => "",
    }
}

/// Shows the page.
///
/// # Errors
/// The database's.
pub async fn show(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    ticket: &Ticket,
    status: StatusCode,
    draft: Draft,
) -> Answer {
    let mut conn = app.db.get().await?;
    let names = Names::load(&mut conn).await?;
    let found = person::find(app, &mut conn, ticket).await?;
    let due = ticket
        .due_at(app.config.helpline.answer_hours)
        .filter(|_| ticket.subject.is_some());
    let reopen_days = app.config.helpline.reopen_days;
    let locked = locked(app, who, ticket, &names);
    let letters = outbox::store::of_ticket(&mut conn, ticket.id).await?;
    let incident = incident::store::find(&mut conn, ticket.incident).await?;
    let reach = Reach::of(&mut conn, &app.keys, &incident, found.as_ref()).await?;
    let thread = thread(app, &mut conn, ticket, &names, (&letters, &reach)).await?;
    let is_shown = ticket.person.is_some() && store::is_shown(&mut conn, ticket.id).await?;
    let answered = answered(ticket, &thread, &letters, &reach);
    let flash = flash(&draft, &locked, &answered);
    let desk = frame::console(app, &mut conn, req, who, Area::Helpline).await?;
    let view = TicketPage {
        desk: Desk { flash, ..desk },
        work: work::work(app, &mut conn, who, &names).await?,
        id: ticket.id.to_string(),
        incident: incident.title,
        number: ticket.number.to_string(),
        status: ticket.status.to_string(),
        label: match is_shown {
            true => ticket.label_customer(app.now(), ticket.hears(app.now(), reopen_days)),
            false => "",
        }
        .to_owned(),
        call: called(ticket, is_shown),
        ended: ended::ended(app, &mut conn, ticket, |actor| names.of_actor(actor)).await?,
        version: i64::from(ticket.version),
        why: ticket.urgency.why.clone(),
        due: due.map(|at| Moment::until(at, app.now())),
        overdue: due.is_some_and(|at| at < app.now()),
        assignee: ticket.assignee.map(|id| names.of(id)).unwrap_or_default(),
        thread,
        conflict: draft
            .conflict
            .as_deref()
            .map(|conflict| conflict::told(app, who, conflict)),
        moves: moves(who, ticket, is_free(app, ticket), &locked),
        agents: agents(&mut conn, who, ticket).await?,
        person: person::zone(app, &mut conn, ticket, found.as_ref()).await?,
        composer: (locked.is_empty() || !draft.is_empty())
            .then(|| composer(ticket, found.as_ref(), &reach, draft)),
        locked,
    };
    Ok(page::show(status, &view)?)
}

/// Why this person cannot write here; empty if they can.
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

/// What an agent has to know of a call before writing in its ticket.
fn called(ticket: &Ticket, is_shown: bool) -> String {
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

/// Whether it waits for whichever agent takes it.
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
        "move" => "Moved.",
        "take" => "You have this ticket now.",
        "release" => "Given back to the queue, at its old place in line.",
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

async fn thread(
    app: &App,
    conn: &mut Conn,
    ticket: &Ticket,
    names: &Names,
    (letters, reach): (&[Delivery], &Reach),
) -> Result<Vec<Message>, Problem> {
    let messages = store::thread(conn, &app.keys, ticket, 0).await?;
    let shown = messages.iter().map(|message| {
        let sent = letters.iter().find(|letter| {
            letter.message_no == Some(message.no) && message.kind == MessageKind::Agent
        });
        let delivery = sent
            .map(|letter| delivery(letter, reach))
            .unwrap_or_default();
        let at = Moment::ago(message.at, app.now());
        Message::of(message, names.of_actor(&message.author), at, delivery)
    });
    Ok(shown.collect())
}

/// The moves that need no message. What needs one goes with the reply.
fn moves(who: &Signed, ticket: &Ticket, free: bool, locked: &str) -> Vec<Deed> {
    if !who.may(Right::WorkTickets) || ticket.subject.is_none() {
        return Vec::new();
    }
    let deed = |name: &str, words: &str, look, sure: &str| Deed {
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
    let mut moves = Vec::new();
    if free {
        moves.push(deed("take", "Take it", "", ""));
    } else if ticket.assignee == Some(who.id) {
        moves.push(deed("release", "Give back", "quiet", ""));
    }
    for to in ticket.status.offered() {
        match (ticket.status.need(to), to) {
            (_, TicketStatus::Open) if free => {}
            (_, TicketStatus::Open) => moves.push(deed("open", "Open again", "quiet", "")),
            (Need::Clearance, _) => {
                let spam = "The customer gets no answer and no mail. It is closed for good: nobody can open it again.";
                moves.push(deed("closed:spam", "Close as spam", "danger", spam));
                let same = "The customer gets no mail; their page says that another question has the answer. Answer on the \
                            other ticket: this one is closed for good.";
                moves.push(deed(
                    "closed:duplicate",
                    "Close as duplicate",
                    "quiet",
                    same,
                ));
            }
            _ => {}
        }
    }
    moves
}

async fn agents(conn: &mut Conn, who: &Signed, ticket: &Ticket) -> Result<Vec<Choice>, Problem> {
    if !who.may(Right::LeadTickets) || ticket.status.is_done() || ticket.subject.is_none() {
        return Ok(Vec::new());
    }
    let mut staff = staff::store::list(conn).await?;
    staff.retain(|one| one.is_person() && one.may(Right::WorkTickets) && one.disabled_at.is_none());
    let choice = |one: &staff::Staff| Choice {
        value: one.id.to_string(),
        words: one.name.clone(),
    };
    Ok(staff.iter().map(choice).collect())
}

fn composer(ticket: &Ticket, person: Option<&Person>, reach: &Reach, draft: Draft) -> Composer {
    let default = TicketResolution::Answered.to_string();
    Composer {
        as_note: draft.as_note,
        to: goes_to(ticket, person, reach),
        reply: draft.reply,
        note: draft.note,
        next: next(ticket.status),
        resolutions: Need::Answer
            .resolutions()
            .iter()
            .map(ended::choice)
            .collect(),
        resolution: if draft.resolution.is_empty() {
            default
        } else {
            draft.resolution
        },
        reason: draft.reason,
        review_on: draft.review_on,
        faults: draft.faults,
    }
}

/// Where a reply goes; in which language, if somebody reads it.
fn goes_to(ticket: &Ticket, person: Option<&Person>, reach: &Reach) -> String {
    let language = language(&ticket.locale);
    let address = person.and_then(|person| person.contact.email.as_ref());
    match (reach, address) {
        (Reach::Email, Some(address)) => format!("e-mail, {}, in {language}", address.masked()),
        (Reach::Nobody, _) => format!("{}, in {language}", reach.goes_to()),
        _ => reach.goes_to(),
    }
}

/// The states that a reply may set. Nearly every reply is an answer, so that Solved comes first.
fn next(from: TicketStatus) -> Vec<Deed> {
    use TicketStatus::{OnHold, Open, Pending, Solved};
    let words = [
        (Solved, "Send and set: Solved"),
        (Pending, "Send and set: Pending"),
        (OnHold, "Send and set: On hold"),
        (Open, "Send and set: Open"),
    ];
    let offered: Vec<_> = from.offered().collect();
    let send = |name: &str, words: &str| Deed {
        name: name.to_owned(),
        words: words.to_owned(),
        look: "quiet",
        ..Deed::default()
    };
    let mut next: Vec<_> = words
        .iter()
        .filter(|(to, _)| offered.contains(to))
        .map(|(to, words)| send(to.as_str(), words))
        .collect();
    if matches!(from, Open | Pending) {
        next.push(send("", "Send"));
    }
    if let Some(first) = next.first_mut() {
        first.look = "";
    }
    next
}

/// In words, where the language is one we speak.
fn language(locale: &str) -> String {
    let words = [
        ("en", "English"),
        ("es", "Spanish"),
        ("fr", "French"),
        ("de", "German"),
        ("vi", "Vietnamese"),
        ("zh", "Chinese"),
        ("ko", "Korean"),
        ("ru", "Russian"),
        ("ar", "Arabic"),
    ];
    let tongue = locale.split('-').next().unwrap_or(locale);
    words
        .iter()
        .find(|(tag, _)| *tag == tongue)
        .map_or(locale, |(_, words)| words)
        .to_owned()
}
