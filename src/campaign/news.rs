//! E-mails to staff about a campaign: it waits for their approval, it was approved or rejected, its approval became void.
//! They name the campaign and no person.

use super::Campaign;
use super::change::{self, Change};
use super::store;
use crate::app::App;
use crate::db::{self, Conn};
use crate::id::{LetterId, StaffId};
use crate::incident::Incident;
use crate::outbox::{self, NewStaffLetter, OutboxLetter};
use crate::staff::{self, Right, Staff};

/// What happened.
#[derive(Debug)]
pub(super) enum News<'a> {
    /// It waits for an approval.
    Submitted,
    /// This account approved it.
    Approved(StaffId),
    /// This account rejected it.
    Rejected(StaffId),
    /// Its approval became void, since this changed.
    Void(&'a [Change]),
}

/// Puts an e-mail to each account that it concerns in the outbox, in the caller's transaction.
///
/// # Errors
/// The database's.
pub(super) async fn tell(
    conn: &mut Conn,
    app: &App,
    incident: &Incident,
    of: &Campaign,
    news: &News<'_>,
) -> db::Result<()> {
    let key = incident.key(&app.keys);
    let key = key.map_err(|_| db::Error::inconsistent("incident", incident.id))?;
    let Some(key) = key.filter(|_| app.config.mail.tell_staff) else {
        return Ok(());
    };
    let all = staff::store::list(conn).await?;
    let to: Vec<&Staff> = all.iter().filter(|one| concerns(of, news, one)).collect();
    if to.is_empty() {
        return Ok(());
    }
    let (name, number) = store::approvals::name(conn, of.id).await?;
    let campaign = format!("“{name}” (no. {number}, {})", of.kind);
    for one in to {
        let Some(address) = &one.email else { continue };
        let letter = letter(app, of, &campaign, news, (address.as_str(), &one.name));
        let new = NewStaffLetter {
            id: LetterId::new(app.now()),
            incident: of.incident,
            to: one.id,
            letter: &letter,
            at: app.now(),
        };
        outbox::store::insert_to_staff(conn, &key, &new).await?;
    }
    Ok(())
}

/// Whether an account is told.
fn concerns(of: &Campaign, news: &News<'_>, who: &Staff) -> bool {
    if !who.is_person() || who.disabled_at.is_some() {
        return false;
    }
    let wrote = of.created_by == who.id || of.submitted_by == Some(who.id);
    match news {
        News::Submitted => !wrote && who.may(Right::ApproveCampaign),
        News::Approved(by) | News::Rejected(by) => wrote && who.id != *by,
        News::Void(_) => wrote || of.approved_by == Some(who.id),
    }
}

fn letter(
    app: &App,
    of: &Campaign,
    campaign: &str,
    news: &News<'_>,
    (to, to_name): (&str, &str),
) -> OutboxLetter {
    let page = format!("{}/console/campaigns/{}", app.config.http.public_url, of.id);
    let (subject, text, page) = match news {
        News::Submitted => (
            format!("Campaign {campaign} waits for your approval"),
            "Read what will be sent and to whom, then approve or reject it:".to_owned(),
            format!("{page}/approval"),
        ),
        News::Approved(_) => (
            format!("Campaign {campaign} is approved"),
            "It can be launched now:".to_owned(),
            page,
        ),
        News::Rejected(_) => (
            format!("Campaign {campaign} was rejected"),
            "Read the comment of the approver on its page, change the draft, and submit it again:"
                .to_owned(),
            page,
        ),
        News::Void(changes) => (
            format!("The approval of campaign {campaign} is void"),
            format!(
                "This changed after the approval: {}. Nothing is sent before its author takes it back and submits it \
                 again, and a second person approves it. What changed, word by word:",
                change::in_words(changes)
            ),
            page,
        ),
    };
    OutboxLetter {
        to: to.to_owned(),
        to_name: to_name.to_owned(),
        text: format!(
            "{subject}.\n\n{text}\n\n{page}\n\nYour account in Candor gets this e-mail, since you can do something about \
             this campaign.\n\n{}\n",
            app.config.organisation.name
        ),
        subject,
        html: None,
        language: "en".to_owned(),
    }
}
