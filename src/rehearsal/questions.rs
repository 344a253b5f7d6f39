//! The second walk: customers ask on their pages, an agent answers, one customer writes back.

use anyhow::{Context, Result};

use super::{TALKS, Talk};
use crate::app::App;
use crate::delivery;
use crate::id::{CampaignId, IncidentId, PersonId, StaffId};
use crate::incident;
use crate::link::{NoticeCode, StatusLink};
use crate::notice::NoticeStatus;
use crate::person;
use crate::ticket::agent::{self, Seen};
use crate::ticket::{self, Then, TicketResolution, TicketStatus, intake};

/// People who were sent a notice, one for each talk, who read its language.
async fn readers(
    app: &App,
    incident: IncidentId,
    campaigns: &[CampaignId],
) -> Result<Vec<(PersonId, &'static Talk)>> {
    let mut conn = app.db.get().await?;
    let key = incident::store::find(&mut conn, incident)
        .await?
        .key(&app.keys)?
        .context("the incident was forgotten")?;
    let mut waiting: Vec<&'static Talk> = TALKS.iter().rev().collect();
    let mut found = Vec::new();
    let mut after = None;
    while !waiting.is_empty() {
        let Some(campaign) = campaigns.first() else {
            break;
        };
        let page =
            delivery::store::list(&mut conn, *campaign, Some(NoticeStatus::Sent), after, 200)
                .await?;
        let Some(last) = page.last() else { break };
        after = Some(last.person);
        for notice in page {
            let person = person::store::find(&mut conn, &key, notice.person).await?;
            if let Some(at) = waiting
                .iter()
                .rposition(|talk| talk.locale == person.locale.language())
            {
                found.push((person.id, waiting.remove(at)));
            }
        }
    }
    Ok(found)
}

pub(super) async fn ask_all(
    app: &App,
    incident: IncidentId,
    campaigns: &[CampaignId],
) -> Result<Vec<&'static Talk>> {
    let readers = readers(app, incident, campaigns).await?;
    for (person, talk) in &readers {
        intake::ask(app, incident, *person, "", talk.question).await?;
    }
    Ok(readers.into_iter().map(|(_, talk)| talk).collect())
}

/// The agent takes and answers until the queue is empty. The first customer who got an answer writes
/// back, so that one ticket shows the whole walk.
pub(super) async fn answer_all(
    app: &App,
    agent: StaffId,
    talks: &[&'static Talk],
) -> Result<(String, Vec<String>)> {
    let mut shown = None;
    while let Some(ticket) = agent::take_next(app, agent).await? {
        let talk = talk_of(app, &ticket, talks).await?;
        if !talk.note.is_empty() {
            agent::note(app, agent, ticket.id, talk.note).await?;
        }
        let ticket = ticket::store::find(&mut *app.db.get().await?, &app.keys, ticket.id).await?;
        let answered = agent::reply(
            app,
            agent,
            ticket.id,
            Seen::of(&ticket),
            talk.answer,
            &then(app, talk)?,
        )
        .await?;
        if shown.is_none() && answered.status == TicketStatus::Solved {
            shown = Some(answered);
        }
    }
    let ticket = shown.context("no talk ended solved")?;
    write_back(app, agent, &ticket).await?;
    let history = ticket::store::history(&mut *app.db.get().await?, &app.keys, &ticket).await?;
    let moves = history
        .into_iter()
        .map(|m| format!("{}  {:<8} by {}", m.at.format("%H:%M:%S"), m.to, m.actor))
        .collect();
    Ok((ticket.number.to_string(), moves))
}

/// The customer of a solved ticket asks once more, and the agent answers that, too.
async fn write_back(app: &App, agent: StaffId, ticket: &ticket::Ticket) -> Result<()> {
    let person = ticket
        .person
        .context("a ticket from a status page has a person")?;
    intake::answer_back(
        app,
        person,
        ticket.id,
        "Thank you. One more thing: do I have to do this every year?",
    )
    .await?;
    let taken = agent::take_next(app, agent)
        .await?
        .context("an answered-back ticket is in the queue or with its agent");
    let again = match taken {
        Ok(again) => again,
        Err(_) => ticket::store::find(&mut *app.db.get().await?, &app.keys, ticket.id).await?,
    };
    let solved = Then {
        resolution: Some(TicketResolution::Answered),
        ..Then::to(TicketStatus::Solved)
    };
    agent::reply(
        app,
        agent,
        again.id,
        Seen::of(&again),
        "No. Once is enough until you lift it yourself.",
        &solved,
    )
    .await?;
    Ok(())
}

async fn talk_of(
    app: &App,
    ticket: &ticket::Ticket,
    talks: &[&'static Talk],
) -> Result<&'static Talk> {
    let mut conn = app.db.get().await?;
    let thread = ticket::store::thread(&mut conn, &app.keys, ticket, 0).await?;
    let question = thread
        .first()
        .and_then(|m| m.text.as_deref())
        .unwrap_or_default();
    talks
        .iter()
        .find(|talk| talk.question == question)
        .copied()
        .context("a ticket that nobody in the play asked")
}

fn then(app: &App, talk: &Talk) -> Result<Then> {
    let to: TicketStatus = talk.then.parse()?;
    Ok(match to {
        TicketStatus::Solved => Then {
            resolution: Some(TicketResolution::Answered),
            ..Then::to(to)
        },
        TicketStatus::OnHold => Then {
            reason: Some("another team is looking into it".to_owned()),
            review_at: Some(app.now() + chrono::TimeDelta::hours(1)),
            ..Then::to(to)
        },
        _ => Then::to(to),
    })
}

/// The status link of a person and the code of their newest notice.
pub(super) async fn way_in(
    app: &App,
    incident: IncidentId,
    campaigns: &[CampaignId],
) -> Result<(String, String)> {
    let mut conn = app.db.get().await?;
    let reader = readers(app, incident, campaigns)
        .await?
        .first()
        .context("nobody was notified")?
        .0;
    let notices = delivery::store::of_person(&mut conn, campaigns, reader).await?;
    let newest = notices.first().context("a reader has a notice")?;
    let epoch = person::store::find_row(&mut conn, reader).await?.link_epoch;
    let token = StatusLink {
        person: reader,
        epoch,
    }
    .token(&app.keys);
    Ok((
        format!("{}/s/{token}", app.config.http.public_url),
        NoticeCode::of(newest.id, &app.keys).to_string(),
    ))
}
