//! The console's pages with sample data.

mod campaigns;
mod checks;
mod drafts;
mod incidents;
mod lists;
mod people;
mod recalls;
mod staff;
mod templates;

use candor::campaign::CampaignStatus;
use candor::campaign::store::LeftOut;
use candor::delivery::store::tally::Part;
use candor::incident::change::Change;
use candor::incident::open::Untold;
use candor::incident::{IncidentState, UpdateKind};
use candor::notice::NoticeStatus;
use candor::person::AudienceCount;
use candor::person::PersonStanding;
use candor::postal::PostalState;
use candor::scope::ScopeStatus;
use candor::staff::Right;
use candor::web::console::audit::{AuditLog, AuditRow, Filter};
use candor::web::console::campaign::content::{Content, Words};
use candor::web::console::campaign::list::{Campaigns, NewCampaign};
use candor::web::console::campaign::outcomes::{Outcomes, RelayRow, ReplyRow};
use candor::web::console::campaign::page::CampaignPage;
use candor::web::console::campaign::progress::Counts;
use candor::web::console::campaign::readiness::{Acknowledgement, Reader, Readiness};
use candor::web::console::campaign::row::CampaignRow;
use candor::web::console::dashboard::{Accounted, Dashboard, Running, Task};
use candor::web::console::design::{self, Design};
use candor::web::console::findings::{Finding as RuleFinding, Findings, Line, Waiver};
use candor::web::console::helpline::call::CallForm;
use candor::web::console::incident::facts;
use candor::web::console::incident::forget_form::ForgetForm;
use candor::web::console::incident::list::{IncidentRow, Incidents, NewIncident};
use candor::web::console::incident::page::{IncidentPage, Publish, ScopeRow};
use candor::web::console::letters::list_line::ListLine;
use candor::web::console::letters::page::{BatchLine, LettersPage, Typed};
use candor::web::console::letters::questions::Asked as LetterAsked;
use candor::web::console::notice::list::Notices;
use candor::web::console::notice::row::NoticeRow;
use candor::web::console::outbox::{LetterRow, OpenLetter, Outbox};
use candor::web::console::person::list::PersonLine;
use candor::web::console::person::page::{NoticeLine, PersonPage, PostalLine};
use candor::web::console::problem::ProblemPage;
use candor::web::console::scope::delta::Delta;
use candor::web::console::scope::import::{Import, Waiting};
use candor::web::console::scope::questions::Asked;
use candor::web::console::scope::rejects::{Reason, Reject, Rejected};
use candor::web::console::scope::report::ScopeReport;
use candor::web::console::staff::list::{KeyRow, StaffList, StaffRow};
use candor::web::console::staff::me::{Me, SessionRow};
use candor::web::console::staff::sign_in::SignIn;
use candor::web::console::template::list::{NewTemplate, TemplateRow, Templates};
use candor::web::console::template::page::{TemplatePage, Variant, Within};
use candor::web::console::template::preview::{Finding, Preview};
use candor::web::console::{Account, Button, Choice, HistoryLine};
use candor::web::page::{
    Area, Badge, ConsoleFrame, Fault, Faults, Flash, ShownScope, Stopped, Tone,
};
use candor::web::public::{Fact, Update};

use self::campaigns::campaign_rows;
use super::helpline;
use super::{HOSTILE, Pages, ago, now, row};

/// The frame, on some page.
pub fn desk(area: Area) -> ConsoleFrame {
    ConsoleFrame {
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
pub fn action(name: &str, words: &str, look: &'static str, sure: &str, blocked: &str) -> Button {
    Button {
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

fn done(who: &str, what: &str, minutes: i64) -> HistoryLine {
    HistoryLine {
        who: who.into(),
        what: what.into(),
        at: ago(minutes),
    }
}

fn log() -> Vec<HistoryLine> {
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
    drafts::draw(&mut add);
    people::draw(&mut add);
    recalls::draw(&mut add);
    staff::draw(&mut add);
    staff::draw_audit(&mut add);
    staff::draw_outbox(&mut add);
    staff::draw_other(&mut add);
    helpline::draw(&mut add);
}
