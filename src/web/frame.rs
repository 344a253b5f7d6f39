//! Fills the frames around pages from the settings and from who is looking.

use actix_web::HttpRequest;

use crate::app::App;
use crate::staff::{Right, Staff};
use crate::web::form;
use crate::web::page::{Area, Desk, Organisation, Visit};

/// The frame of a public page.
pub fn visit(app: &App, req: &HttpRequest) -> Visit {
    Visit {
        organisation: organisation(app),
        lang: "en".to_owned(),
        dir: "ltr".to_owned(),
        csrf: form::token(app, req),
        ..Visit::default()
    }
}

/// The frame of a console page; whoever shows it adds the emergency stop and a flash.
pub fn desk(app: &App, req: &HttpRequest, staff: &Staff, area: Area) -> Desk {
    Desk {
        organisation: app.config.organisation.name.clone(),
        name: staff.name.clone(),
        roles: staff.roles.iter().map(ToString::to_string).collect(),
        csrf: form::token(app, req),
        area,
        may_stop: staff.may(Right::StopSending),
        ..Desk::default()
    }
}

fn organisation(app: &App) -> Organisation {
    let (settings, url) = (&app.config.organisation, &app.config.http.public_url);
    let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
    Organisation {
        name: settings.name.clone(),
        host: host.to_owned(),
        senders: vec![settings.from_address.clone()],
        phone: Some(settings.phone.clone()).filter(|phone| !phone.is_empty()),
        hours: settings.phone_hours.clone(),
        report_to: None,
    }
}
