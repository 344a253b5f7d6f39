//! The web: the table of all routes.
//!
//! A read calls one store, a change calls one verb. The signature of a handler says who may use it ([`caller`]). The
//! tables below say it again, one line a route, and `tests/it/web/routes.rs` tries every route with every role.

pub(crate) mod api;
mod attempts;
pub(crate) mod audience_counts;
pub(crate) mod body;
pub(crate) mod caller;
pub mod console;
mod control_characters;
pub mod conversation;
pub(crate) mod csv_answer;
pub mod figures;
pub(crate) mod form;
pub(crate) mod frame;
pub(crate) mod list_import;
mod metrics;
pub(crate) mod middleware;
pub(crate) mod multipart;
mod notification;
mod old_texts;
pub(crate) mod open_recalls;
pub mod operations;
pub mod page;
mod person_lookup;
pub(crate) mod postal_letters;
pub mod problem;
pub mod public;
pub(crate) mod rejects;
pub(crate) mod request_id;
mod route;
pub(crate) mod sample_reader;
mod server;
pub(crate) mod sign_in;
pub(crate) mod site;
pub(crate) mod upload_chunks;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use self::middleware::{authentication, idempotency};
pub use self::route::{Access, Endpoint};
use self::route::{get, patch, post, register};
pub use self::server::{Home, drained, serve};
use crate::staff::Right::*;
use Access::*;

/// Operations and public pages.
#[rustfmt::skip]
fn public() -> Vec<Endpoint> {
    vec![
        get("/healthz", Anyone, operations::healthz),
        get("/readyz", Anyone, operations::readyz),
        get("/robots.txt", Anyone, site::robots),
        get("/source", Anyone, site::source),
        get("/assets/{file}", Anyone, site::asset),
        get("/", Anyone, public::home::show),
        get("/incidents/{slug}", Anyone, public::incident::show),
        get("/incidents/{slug}/feed.xml", Anyone, public::incident::feed),
        get("/verify", Anyone, public::verify::show),
        post("/verify", Anyone, public::verify::check),
        get("/find-me", Anyone, public::find_me::show),
        get("/s/sample", Anyone, public::sample::show),
    ]
}

/// Under `/s/{token}`: the pages of one affected person.
#[rustfmt::skip]
fn personal() -> Vec<Endpoint> {
    use public::{my_status, my_ticket, question_received, second_step};
    vec![
        get("", Link, my_status::show),
        post("/code", Link, second_step::send),
        post("/open", Link, second_step::open),
        post("/leave", Link, second_step::leave),
        post("/tickets", Link, my_status::ask),
        get("/tickets/{number}", Link, my_ticket::show),
        get("/tickets/{number}/asked", Link, question_received::show),
        post("/tickets/{number}/messages", Link, my_ticket::answer),
        post("/tickets/{number}/reopen", Link, my_ticket::reopen),
    ]
}

/// Under `/console`: signing in, the dashboard and administration.
#[rustfmt::skip]
fn console_start() -> Vec<Endpoint> {
    use console::{audit, campaign, dashboard, design, outbox, staff};
    vec![
        get("/sign-in", Anyone, sign_in::show),
        post("/sign-in", Anyone, sign_in::enter),
        post("/sign-out", Staff, sign_in::leave),
        get("", Staff, dashboard::show),
        post("/stop", May(StopSending), campaign::emergency_stop::stop),
        post("/start", May(StopSending), campaign::emergency_stop::start),
        get("/me", Staff, staff::me::show),
        post("/me/password", Staff, staff::me::change),
        post("/me/sessions/{session}/end", Staff, staff::me::end),
        get("/staff", May(SeeStaff), staff::list::show),
        post("/staff/{id}/disable", May(ManageStaff), staff::list::disable),
        post("/staff/{id}/enable", May(ManageStaff), staff::list::enable),
        post("/keys/{key}/revoke", May(ManageStaff), staff::list::revoke_key),
        get("/audit", May(ReadAudit), audit::show),
        get("/outbox", May(SeeOutbox), outbox::show),
        get("/outbox/{name}", May(SeeOutbox), outbox::one),
        get("/outbox/{name}/html", May(SeeOutbox), outbox::html),
        get("/design", Staff, design::show),
    ]
}

/// Under `/console`: incidents, affected lists, people and postal letters.
#[rustfmt::skip]
fn console_incidents() -> Vec<Endpoint> {
    use console::{audience, incident, letters, person, recall, scope};
    vec![
        get("/incidents", May(SeeIncidents), incident::list::list),
        post("/incidents", May(SteerIncident), incident::list::open),
        get("/incidents/{slug}", May(SeeIncidents), incident::page::show),
        post("/incidents/{slug}/state", May(SteerIncident), incident::state::change),
        post("/incidents/{slug}/facts", May(SteerIncident), incident::facts::save),
        post("/incidents/{slug}/updates", May(SteerIncident), incident::updates::publish),
        get("/incidents/{slug}/facts", May(SeeIncidents), incident::claims::list),
        get("/incidents/{slug}/claims/{claim}", May(SeeIncidents), incident::claim::show),
        post("/incidents/{slug}/claims/{claim}", May(SteerIncident), incident::claim::save),
        get("/incidents/{slug}/facts/publish", May(SteerIncident), incident::facts::preview),
        post("/incidents/{slug}/facts/publish", May(SteerIncident), incident::facts::publish),
        post("/incidents/{slug}/forget", May(ForgetIncident), incident::forget::forget),
        get("/incidents/{slug}/import", May(ImportScope), scope::import::ask),
        get("/incidents/{slug}/importing", May(ImportScope), scope::import::importing),
        post("/incidents/{slug}/uploads", May(ImportScope), scope::import::begin_upload),
        get("/uploads/{upload}", May(ImportScope), upload_chunks::show),
        patch("/uploads/{upload}", May(ImportScope), upload_chunks::add_from_page),
        post("/incidents/{slug}/scopes", May(ImportScope), scope::import::import),
        get("/incidents/{slug}/scopes/{version}", May(SeeIncidents), scope::report::show),
        get("/incidents/{slug}/scopes/{version}/rejects", May(ImportScope), scope::report::rejects),
        post("/incidents/{slug}/scopes/{version}/activate", May(ImportScope), scope::activate::activate),
        post("/incidents/{slug}/scopes/{version}/discard", May(ImportScope), scope::activate::discard),
        get("/incidents/{slug}/account", May(SeeIncidents), incident::account::show),
        get("/incidents/{slug}/people", May(SeeAllPeople), person::list::list),
        get("/incidents/{slug}/people.csv", May(SeeAllPeople), person::csv::download),
        get("/incidents/{slug}/audience", May(SeeCampaigns), audience::page::show),
        post("/incidents/{slug}/audience", May(DraftCampaign), audience::draft::draft),
        get("/incidents/{slug}/audience/lists", May(DraftCampaign), audience::lists::show),
        post("/incidents/{slug}/audience/lists", May(DraftCampaign), audience::lists::add),
        get("/incidents/{slug}/audience/people", May(SeeAllPeople), audience::people::show),
        get("/incidents/{slug}/letters", May(SeeIncidents), letters::page::show),
        post("/incidents/{slug}/letters", May(ImportScope), letters::actions::take),
        get("/incidents/{slug}/letters/without-address", May(ImportScope), letters::without_address::download),
        post("/incidents/{slug}/letters/told", May(ImportScope), letters::one::told),
        post("/incidents/{slug}/letters/returned", May(ImportScope), letters::returned::returned),
        post("/incidents/{slug}/minors", May(SteerIncident), letters::minors::choose),
        post("/letters/{batch}/file", May(ImportScope), letters::actions::file),
        post("/letters/{batch}/posted", May(ImportScope), letters::actions::posted),
        post("/letters/{batch}/told", May(ImportScope), letters::actions::told),
        post("/letters/{batch}/discard", May(ImportScope), letters::actions::discard),
        get("/incidents/{slug}/recalls", May(SeeCampaigns), recall::list::show),
        post("/incidents/{slug}/recalls", May(DraftCampaign), recall::list::propose),
        get("/recalls/{recall}", May(SeeCampaigns), recall::page::show),
        get("/recalls/{recall}/people", May(SeeCampaigns), recall::people::show),
        post("/recalls/{recall}/publish", May(ApproveCampaign), recall::actions::publish),
        post("/recalls/{recall}/withdraw", May(DraftCampaign), recall::actions::withdraw),
        post("/recalls/{recall}/discard", May(DraftCampaign), recall::actions::discard),
        post("/recalls/{recall}/draft", May(DraftCampaign), recall::actions::draft),
        get("/people/{person}", May(SeePeople), person::page::show),
        post("/people/{person}/revoke-links", May(RevokeLinks), person::page::revoke_links),
    ]
}

/// Under `/console`: templates, campaigns and notices.
#[rustfmt::skip]
fn console_campaigns() -> Vec<Endpoint> {
    use console::{campaign, notice, template};
    vec![
        get("/templates", May(SeeTemplates), template::list::list),
        post("/templates", May(EditTemplate), template::list::begin),
        get("/templates/{template}", May(SeeTemplates), template::page::show),
        get("/templates/{template}/preview", May(SeeTemplates), template::preview::html),
        post("/templates/{template}/preview", May(SeeTemplates), template::editor::preview),
        post("/templates/{template}/versions", May(EditTemplate), template::editor::save),
        get("/templates/{template}/history", May(SeeTemplates), template::history::show),
        post("/templates/{template}/copy", May(EditTemplate), template::manage::copy),
        post("/templates/{template}/delete", May(EditTemplate), template::manage::delete),
        get("/campaigns", May(SeeCampaigns), campaign::list::list),
        post("/campaigns", May(DraftCampaign), campaign::list::draft),
        get("/campaigns/{campaign}", May(SeeCampaigns), campaign::page::show),
        get("/campaigns/{campaign}/live", May(SeeCampaigns), campaign::live::events),
        get("/campaigns/{campaign}/notices", May(SeeCampaigns), notice::list::list),
        get("/campaigns/{campaign}/notices.csv", May(SeeAllPeople), notice::csv::download),
        post("/campaigns/{campaign}/notices/find", May(SeeAllPeople), notice::find::seek),
        get("/campaigns/{campaign}/edit", May(DraftCampaign), campaign::edit::show),
        post("/campaigns/{campaign}/edit", May(DraftCampaign), campaign::edit::save),
        post("/campaigns/{campaign}/copy", May(DraftCampaign), campaign::copy::copy),
        get("/campaigns/{campaign}/schedule", May(LaunchCampaign), campaign::schedule::show),
        post("/campaigns/{campaign}/schedule", May(LaunchCampaign), campaign::schedule::set),
        post("/campaigns/{campaign}/unschedule", May(LaunchCampaign), campaign::schedule::cancel),
        get("/campaigns/{campaign}/tests", May(DraftCampaign), campaign::test_send::show),
        post("/campaigns/{campaign}/tests", May(DraftCampaign), campaign::test_send::send),
        post("/campaigns/{campaign}/submit", May(DraftCampaign), campaign::actions::submit),
        get("/campaigns/{campaign}/approval", May(SeeCampaigns), campaign::approval::show),
        get("/campaigns/{campaign}/letter", May(SeeCampaigns), campaign::decide::letter),
        post("/campaigns/{campaign}/approve", May(ApproveCampaign), campaign::decide::approve),
        post("/campaigns/{campaign}/reject", May(ApproveCampaign), campaign::decide::reject),
        post("/campaigns/{campaign}/take-back", May(DraftCampaign), campaign::actions::take_back),
        post("/campaigns/{campaign}/waivers", May(ApproveCampaign), campaign::waivers::waive),
        post("/campaigns/{campaign}/waivers/withdraw", May(ApproveCampaign), campaign::waivers::withdraw),
        post("/campaigns/{campaign}/launch", May(LaunchCampaign), campaign::actions::launch),
        post("/campaigns/{campaign}/pause", May(LaunchCampaign), campaign::actions::pause),
        post("/campaigns/{campaign}/resume", May(LaunchCampaign), campaign::actions::resume),
        post("/campaigns/{campaign}/cancel", May(LaunchCampaign), campaign::actions::cancel),
        post("/campaigns/{campaign}/retry", May(LaunchCampaign), campaign::actions::retry),
        get("/notices/{notice}", May(SeeCampaigns), notice::page::show),
    ]
}

/// Under `/console`: the helpline and its tickets.
#[rustfmt::skip]
fn console_helpline() -> Vec<Endpoint> {
    use console::{helpline, ticket};
    vec![
        get("/helpline", May(SeeTickets), helpline::page::show),
        post("/helpline/next", May(WorkTickets), helpline::page::next),
        get("/helpline/find", May(SeeTickets), helpline::search::show),
        post("/helpline/find", May(SeeTickets), helpline::search::find),
        get("/helpline/call", May(WorkTickets), helpline::call::show),
        post("/helpline/call", May(WorkTickets), helpline::call::log),
        get("/tickets/{ticket}", May(SeeTickets), ticket::actions::show),
        post("/tickets/{ticket}/messages", May(WorkTickets), ticket::actions::write),
        post("/tickets/{ticket}/transition", May(WorkTickets), ticket::actions::transition),
        post("/tickets/{ticket}/take", May(WorkTickets), ticket::actions::take),
        post("/tickets/{ticket}/release", May(WorkTickets), ticket::actions::release),
        post("/tickets/{ticket}/assign", May(LeadTickets), ticket::actions::assign),
    ]
}

/// Under `/console`: the pages of staff.
fn console() -> Vec<Endpoint> {
    let parts = [
        console_start(),
        console_incidents(),
        console_campaigns(),
        console_helpline(),
    ];
    parts.into_iter().flatten().collect()
}

/// Under `/api/v1`: incidents, affected lists, people and postal letters.
#[rustfmt::skip]
fn api_incidents() -> Vec<Endpoint> {
    use api::{audiences, claims, incidents, letters, people, recalls, scopes};
    vec![
        post("/incidents", May(SteerIncident), incidents::open),
        get("/incidents/{incident}", May(SeeIncidents), incidents::show),
        post("/incidents/{incident}/updates", May(SteerIncident), incidents::publish),
        post("/incidents/{incident}/state", May(SteerIncident), incidents::move_to),
        get("/incidents/{incident}/claims", May(SeeIncidents), claims::list),
        get("/incidents/{incident}/claims/{claim}", May(SeeIncidents), claims::show),
        post("/incidents/{incident}/claims", May(SteerIncident), claims::write),
        post("/incidents/{incident}/facts/publish", May(SteerIncident), incidents::publish_facts),
        post("/incidents/{incident}/forget", May(ForgetIncident), incidents::forget),
        get("/incidents/{incident}/account", May(SeeIncidents), people::account),
        get("/incidents/{incident}/people", May(SeePeople), people::find),
        get("/incidents/{incident}/people.csv", May(SeeAllPeople), console::person::csv::download),
        post("/incidents/{incident}/audience-counts", May(SeeCampaigns), audiences::count),
        post("/incidents/{incident}/audience-lists", May(DraftCampaign), audiences::add_list),
        get("/incidents/{incident}/recalls", May(SeeCampaigns), recalls::list),
        post("/incidents/{incident}/recalls", May(DraftCampaign), recalls::propose),
        get("/recalls/{recall}", May(SeeCampaigns), recalls::show),
        get("/recalls/{recall}/people", May(SeeCampaigns), recalls::people),
        post("/recalls/{recall}/publish", May(ApproveCampaign), recalls::publish),
        post("/recalls/{recall}/withdraw", May(DraftCampaign), recalls::withdraw),
        post("/recalls/{recall}/discard", May(DraftCampaign), recalls::discard),
        post("/recalls/{recall}/draft", May(DraftCampaign), recalls::draft),
        get("/people/{person}", May(SeePeople), people::show),
        post("/people/{person}/revoke-links", May(RevokeLinks), people::revoke_links),
        get("/incidents/{incident}/letters", May(SeeIncidents), letters::list),
        get("/incidents/{incident}/letters/without-address", May(ImportScope), letters::without_address),
        post("/incidents/{incident}/letters/returned", May(ImportScope), letters::returned),
        post("/incidents/{incident}/letters/told", May(ImportScope), letters::told_one),
        post("/incidents/{incident}/minors", May(SteerIncident), letters::minors),
        post("/letters/{batch}/posted", May(ImportScope), letters::posted),
        post("/letters/{batch}/told", May(ImportScope), letters::told),
        post("/letters/{batch}/discard", May(ImportScope), letters::discard),
        get("/incidents/{incident}/scopes", May(SeeIncidents), scopes::list),
        post("/incidents/{incident}/uploads", May(ImportScope), scopes::begin_upload),
        get("/uploads/{upload}", May(ImportScope), upload_chunks::show),
        patch("/uploads/{upload}", May(ImportScope), upload_chunks::add),
        post("/incidents/{incident}/scopes", May(ImportScope), scopes::import),
        get("/incidents/{incident}/scopes/{version}", May(SeeIncidents), scopes::show),
        get("/incidents/{incident}/scopes/{version}/rejects", May(ImportScope), scopes::rejects),
        post("/incidents/{incident}/scopes/{version}/activate", May(ImportScope), scopes::activate),
        post("/incidents/{incident}/scopes/{version}/discard", May(ImportScope), scopes::discard),
    ]
}

/// Under `/api/v1`: templates, campaigns, notices, tickets and the emergency stop.
#[rustfmt::skip]
fn api_messages() -> Vec<Endpoint> {
    use api::{
        campaign_audience, campaign_drafts, campaign_review, campaign_tests, campaigns, elements, lint, notices, sending,
        template_history, templates, tickets, waivers,
    };
    vec![
        get("/elements", May(SeeIncidents), elements::list),
        get("/templates", May(SeeTemplates), templates::list),
        post("/templates", May(EditTemplate), templates::create),
        get("/templates/{template}", May(SeeTemplates), templates::show),
        get("/templates/{template}/versions", May(SeeTemplates), template_history::versions),
        post("/templates/{template}/versions", May(EditTemplate), templates::add_version),
        get("/templates/{template}/diff", May(SeeTemplates), template_history::diff),
        post("/templates/{template}/copy", May(EditTemplate), template_history::copy),
        post("/templates/{template}/delete", May(EditTemplate), template_history::delete),
        get("/starting-texts", May(SeeTemplates), template_history::starting_texts),
        post("/templates/{template}/preview", May(SeeTemplates), templates::preview),
        get("/rules", May(SeeTemplates), lint::list),
        post("/lint", May(SeeTemplates), lint::lint),
        get("/sending", May(SeeCampaigns), sending::show),
        get("/campaigns", May(SeeCampaigns), campaigns::list),
        post("/campaigns", May(DraftCampaign), campaigns::create),
        get("/campaigns/{campaign}", May(SeeCampaigns), campaigns::show),
        get("/campaigns/{campaign}/audience", May(SeeCampaigns), campaign_audience::show),
        patch("/campaigns/{campaign}", May(DraftCampaign), campaign_drafts::edit),
        post("/campaigns/{campaign}/copy", May(DraftCampaign), campaign_drafts::copy),
        post("/campaigns/{campaign}/schedule", May(LaunchCampaign), campaign_drafts::schedule),
        post("/campaigns/{campaign}/unschedule", May(LaunchCampaign), campaign_drafts::unschedule),
        get("/campaigns/{campaign}/tests", May(SeeCampaigns), campaign_tests::list),
        post("/campaigns/{campaign}/tests", May(DraftCampaign), campaign_tests::send),
        post("/campaigns/{campaign}/submit", May(DraftCampaign), campaigns::submit),
        post("/campaigns/{campaign}/approve", May(ApproveCampaign), campaigns::approve),
        post("/campaigns/{campaign}/reject", May(ApproveCampaign), campaign_review::reject),
        post("/campaigns/{campaign}/take-back", May(DraftCampaign), campaigns::take_back),
        post("/campaigns/{campaign}/launch", May(LaunchCampaign), campaigns::launch),
        post("/campaigns/{campaign}/pause", May(LaunchCampaign), campaigns::pause),
        post("/campaigns/{campaign}/resume", May(LaunchCampaign), campaigns::resume),
        post("/campaigns/{campaign}/cancel", May(LaunchCampaign), campaigns::cancel),
        get("/campaigns/{campaign}/waivers", May(SeeCampaigns), waivers::show),
        post("/campaigns/{campaign}/waivers", May(ApproveCampaign), waivers::waive),
        post("/campaigns/{campaign}/waivers/withdraw", May(ApproveCampaign), waivers::withdraw),
        post("/campaigns/{campaign}/retry", May(LaunchCampaign), campaign_review::retry),
        get("/campaigns/{campaign}/notices", May(SeeCampaigns), notices::list),
        get("/campaigns/{campaign}/notices.csv", May(SeeAllPeople), console::notice::csv::download),
        get("/notices/{notice}", May(SeeCampaigns), notices::show),
        get("/tickets", May(SeeTickets), tickets::list),
        post("/tickets", May(WorkTickets), tickets::open),
        post("/tickets/take-next", May(WorkTickets), tickets::take_next),
        get("/tickets/{ticket}", May(SeeTickets), tickets::show),
        post("/tickets/{ticket}/messages", May(WorkTickets), tickets::say),
        post("/tickets/{ticket}/transition", May(WorkTickets), tickets::transition),
        post("/stop", May(StopSending), campaigns::stop),
        post("/start", May(StopSending), campaigns::start),
    ]
}

/// Under `/api/v1`: the API for programs.
fn api() -> Vec<Endpoint> {
    let parts = [api_incidents(), api_messages()];
    parts.into_iter().flatten().collect()
}

const PERSONAL: &str = "/s/{token}";
const CONSOLE: &str = "/console";
const API: &str = "/api/v1";

fn routes(to: &mut ServiceConfig) {
    to.configure(|to| register(public(), to))
        .service(
            web::scope(PERSONAL)
                .wrap(from_fn(authentication::by_link))
                .configure(|to| register(personal(), to)),
        )
        .service(
            web::scope(CONSOLE)
                .wrap(from_fn(authentication::by_session))
                .configure(|to| register(console(), to)),
        )
        .service(
            web::scope(API)
                .wrap(from_fn(idempotency::once))
                .wrap(from_fn(authentication::by_key))
                .configure(|to| register(api(), to)),
        );
}

/// All routes with their whole paths, for `tests/it/web/routes.rs`.
pub fn endpoints() -> Vec<(Method, String, Access)> {
    let scopes = [
        ("", public()),
        (PERSONAL, personal()),
        (CONSOLE, console()),
        (API, api()),
    ];
    let whole = |(prefix, endpoints): (&'static str, Vec<Endpoint>)| {
        endpoints
            .into_iter()
            .map(move |one| (one.method, format!("{prefix}{}", one.path), one.access))
    };
    scopes.into_iter().flat_map(whole).collect()
}
