//! The console's pages with sample data.

mod campaigns;
mod incidents;
mod lists;
mod people;
mod staff;
mod templates;

use candor::campaign::store::LeftOut;
use candor::incident::change::Change;
use candor::incident::open::Untold;
use candor::notice::store::tally::Part;
use candor::person::AudienceCount;
use candor::staff::Right;
use candor::web::console::account::PersonLine;
use candor::web::console::audit::{AuditLog, AuditRow, Filter};
use candor::web::console::call::CallForm;
use candor::web::console::campaign::CampaignPage;
use candor::web::console::campaign_rows::CampaignRow;
use candor::web::console::campaigns::{Campaigns, NewCampaign};
use candor::web::console::content::{Content, Words};
use candor::web::console::dashboard::{Accounted, Dashboard, Need, Running};
use candor::web::console::design::Design;
use candor::web::console::import::{Import, Waiting};
use candor::web::console::incident::{Farewell, IncidentPage, Publish, ScopeRow};
use candor::web::console::incidents::{IncidentRow, Incidents, NewIncident};
use candor::web::console::ledger::{Ledger, Letter, Told};
use candor::web::console::letters::{
    Asked as LetterAsked, BatchLine, LettersPage, ListLine, Typed,
};
use candor::web::console::me::{Me, SessionRow};
use candor::web::console::notices::{NoticeRow, Notices};
use candor::web::console::outbox::{LetterRow, OpenLetter, Outbox};
use candor::web::console::outcomes::{Outcomes, RelayRow, ReplyRow};
use candor::web::console::problem::ProblemPage;
use candor::web::console::progress::Counts;
use candor::web::console::reach::{Acknowledgement, Reach, Reader};
use candor::web::console::rejected::{Reason, Reject, Rejected};
use candor::web::console::scopes::{Asked, Delta, ScopeReport};
use candor::web::console::sign_in::SignIn;
use candor::web::console::staff::{KeyRow, StaffList, StaffRow};
use candor::web::console::template::{Finding, Preview, TemplatePage, Variant, Within};
use candor::web::console::templates::{NewTemplate, TemplateRow, Templates};
use candor::web::console::{Account, Choice, Deed, Done, facts};
use candor::web::figures::{Chart, Column};
use candor::web::page::{Area, Desk, Fault, Faults, Flash, Stopped, Tone};
use candor::web::public::{Fact, Update};

use self::campaigns::campaign_rows;
use super::helpline;
use super::{HOSTILE, Pages, ago, now, row};

/// The frame, on some page.
pub fn desk(area: Area) -> Desk {
    Desk {
        organisation: "Northline Mobile".into(),
        name: "Ada Moreno".into(),
        roles: vec!["comms".into(), "approver".into()],
        csrf: "sample-csrf".into(),
        area,
        stopped: None,
        doubt: None,
        unasked: false,
        may_stop: true,
        rights: Right::ALL.to_vec(),
        main: Area::MAIN.to_vec(),
        more: Area::MORE.to_vec(),
        flash: None,
    }
}

/// A button without a confirmation.
pub fn deed(name: &str, words: &str, look: &'static str, sure: &str, blocked: &str) -> Deed {
    Deed {
        name: name.into(),
        words: words.into(),
        look,
        sure: sure.into(),
        tick: String::new(),
        blocked: blocked.into(),
    }
}

/// An option.
pub fn choice(value: &str, words: &str) -> Choice {
    Choice {
        value: value.into(),
        words: words.into(),
    }
}

/// One sentence about one field.
pub fn fault(field: &str, text: &str) -> Faults {
    Faults(vec![Fault {
        field: field.into(),
        text: text.into(),
    }])
}

fn done(who: &str, what: &str, minutes: i64) -> Done {
    Done {
        who: who.into(),
        what: what.into(),
        at: ago(minutes),
    }
}

fn log() -> Vec<Done> {
    vec![
        done("Ada Moreno", "resumed the campaign", 42),
        done("Candor", "paused it: 5.2 % bounced, the limit is 5 %", 55),
        done("Ada Moreno", "launched the campaign", 130),
        done("Ines Duarte", "approved exactly this content", 140),
    ]
}

/// Takes a page under its name.
type Add<'a> = &'a mut dyn FnMut(&'static str, &dyn askama::DynTemplate);

/// Adds every page of the console, in each of its forms.
pub fn draw(pages: &mut Pages) {
    let mut add = |name, page: &dyn askama::DynTemplate| {
        pages.insert(name, page.dyn_render().expect("rendered"));
    };
    incidents::draw(&mut add);
    incidents::draw_one(&mut add);
    lists::draw(&mut add);
    templates::draw(&mut add);
    campaigns::draw(&mut add);
    people::draw(&mut add);
    staff::draw(&mut add);
    staff::draw_audit(&mut add);
    staff::draw_outbox(&mut add);
    staff::draw_other(&mut add);
    helpline::draw(&mut add);
}
