//! Fills the frames around pages from the settings and the rights of the caller.

use actix_web::HttpRequest;

use crate::actor::Recorded;
use crate::app::App;
use crate::campaign;
use crate::campaign::store::SendState;
use crate::db::{self, Conn};
use crate::deployment::Doubt;
use crate::mail::read::Folder;
use crate::staff::{Right, Staff};
use crate::web::form;
use crate::web::page::{Area, ConsoleFrame, Link, Moment, Organisation, PublicFrame, Stopped};

/// The frame of a public page.
pub(crate) fn visit(app: &App, req: &HttpRequest) -> PublicFrame {
    PublicFrame {
        organisation: organisation(app),
        lang: "en".to_owned(),
        dir: "ltr".to_owned(),
        csrf: form::token(app, req),
        ..PublicFrame::default()
    }
}

/// The frame of a console page, without the emergency stop and the flash.
pub(crate) fn desk(app: &App, req: &HttpRequest, staff: &Staff, area: Area) -> ConsoleFrame {
    ConsoleFrame {
        organisation: app.config.organisation.name.clone(),
        name: staff.name.clone(),
        roles: staff.roles.iter().map(ToString::to_string).collect(),
        csrf: form::token(app, req),
        area,
        may_stop: staff.may(Right::StopSending),
        rights: Right::ALL
            .iter()
            .copied()
            .filter(|right| staff.may(*right))
            .collect(),
        main: open_to(app, staff, Area::MAIN),
        more: open_to(app, staff, Area::MORE),
        ..ConsoleFrame::default()
    }
}

/// The links that this person may open.
fn open_to(app: &App, staff: &Staff, links: &[Link]) -> Vec<Link> {
    let open = links
        .iter()
        .filter(|(area, ..)| may_open(app, staff, *area));
    open.copied().collect()
}

fn may_open(app: &App, staff: &Staff, area: Area) -> bool {
    match area {
        Area::Incidents => staff.may(Right::SeeIncidents),
        Area::Campaigns => staff.may(Right::SeeCampaigns),
        Area::Templates => staff.may(Right::SeeTemplates),
        Area::Helpline => staff.may(Right::SeeTickets),
        Area::Staff => staff.may(Right::SeeStaff),
        Area::Audit => staff.may(Right::ReadAudit),
        // The page exists only where mail is written to files.
        Area::Outbox => staff.may(Right::SeeOutbox) && writes_files(app),
        Area::Dashboard | Area::Design | Area::Me | Area::None => true,
    }
}

fn writes_files(app: &App) -> bool {
    let mut relays = app.config.mail.relays.iter();
    relays.any(|relay| Folder::of(relay.url.expose()).is_some())
}

fn organisation(app: &App) -> Organisation {
    let (settings, url) = (&app.config.organisation, &app.config.http.public_url);
    Organisation {
        name: settings.name.clone(),
        site: url.to_string(),
        senders: vec![settings.from_address.clone()],
        phone: Some(settings.phone.clone()).filter(|phone| !phone.is_empty()),
        hours: settings.phone_hours.clone(),
    }
}

/// The frame of a console page with the emergency stop, if it is on.
pub(crate) async fn console(
    app: &App,
    conn: &mut Conn,
    req: &HttpRequest,
    staff: &Staff,
    area: Area,
) -> db::Result<ConsoleFrame> {
    let state = campaign::store::send_state(conn).await?;
    Ok(console_with(app, req, staff, area, &state))
}

/// The same for a page that has read whether anything may leave.
pub(crate) fn console_with(
    app: &App,
    req: &HttpRequest,
    staff: &Staff,
    area: Area,
    state: &SendState,
) -> ConsoleFrame {
    let stopped = state.stopped.as_ref().map(|stop| Stopped {
        at: Moment::ago(stop.at, app.now()),
        by: name(stop),
    });
    ConsoleFrame {
        stopped,
        doubt: state.doubt.as_ref().map(in_doubt),
        ..desk(app, req, staff, area)
    }
}

/// Why nothing is sent while the database may be an older copy, and what to do.
pub(crate) fn in_doubt(doubt: &Doubt) -> String {
    format!(
        "Sending is held: the database may be an older copy, of about {} UTC ({}). What was sent after that is not \
         known here. The operator decides what happens to it: candor db restored.",
        doubt.copied_at.format("%-d %b %Y, %H:%M"),
        doubt.reasons()
    )
}

/// Who stopped all sending, in words.
fn name(stop: &campaign::store::Stopped) -> String {
    match (&stop.name, Recorded::parse(&stop.by)) {
        (Some(name), _) => name.clone(),
        (None, Recorded::System(part)) => part.in_words().to_owned(),
        (None, _) => "Candor".to_owned(),
    }
}
