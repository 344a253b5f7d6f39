//! The web: all routes on one page, and the server that answers them.
//!
//! A read calls one store, a change calls one verb. Who may pass stands in the handler's signature
//! ([`who`]); the tables below say it again, one line a route, and `tests/it/doors.rs` walks every route
//! as everybody.

mod affected;
pub mod api;
pub mod console;
pub mod dress;
pub mod figures;
pub mod form;
pub mod frame;
pub mod idempotency;
pub mod letters;
pub mod multipart;
pub mod operations;
pub mod page;
pub mod pieces;
pub mod problem;
pub mod public;
pub mod recognise;
pub mod rejects;
pub mod sign_in;
pub mod site;
pub mod thread;
mod told;
pub mod upload;
pub mod who;

use std::io;
use std::net::TcpListener;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::middleware::{Compress, NormalizePath, TrailingSlash, from_fn};
use actix_web::web::{self, Data, PathConfig, PayloadConfig, QueryConfig, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, HttpServer, Responder, Route, guard};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::shutdown::Shutdown;
use crate::staff::Right;
use crate::staff::sign_in::Attempts;
use crate::web::problem::Problem;
use Right::*;
use Who::*;

/// Operations and public pages.
#[rustfmt::skip]
fn public() -> Vec<Door> {
    vec![
        get("/healthz", Anyone, operations::healthz),
        get("/readyz", Anyone, operations::readyz),
        get("/metrics", Anyone, operations::metrics),
        get("/robots.txt", Anyone, site::robots),
        get("/assets/{file}", Anyone, site::asset),
        get("/", Anyone, public::home::show),
        get("/incidents/{slug}", Anyone, public::incident::show),
        get("/incidents/{slug}/feed.xml", Anyone, public::incident::feed),
        get("/verify", Anyone, public::verify::show),
        post("/verify", Anyone, public::verify::check),
        get("/find-me", Anyone, public::find_me::show),
        post("/find-me", Anyone, public::find_me::answer),
    ]
}

/// Under `/s/{token}`: the pages of one affected person.
#[rustfmt::skip]
fn mine() -> Vec<Door> {
    use public::{asked, my_status, my_ticket, second_step};
    vec![
        get("", Link, my_status::show),
        post("/code", Link, second_step::send),
        post("/open", Link, second_step::open),
        post("/leave", Link, second_step::leave),
        post("/tickets", Link, my_status::ask),
        get("/tickets/{number}", Link, my_ticket::show),
        get("/tickets/{number}/asked", Link, asked::show),
        post("/tickets/{number}/messages", Link, my_ticket::answer),
        post("/tickets/{number}/reopen", Link, my_ticket::reopen),
    ]
}

/// Under `/console`: the pages of staff.
#[rustfmt::skip]
fn console() -> Vec<Door> {
    use console::{
        account, call, campaign, campaigns, dashboard, deeds, facts, forget, helpline, import, incident, incidents, live, notices, outbox,
        preview, scopes, template, templates, tickets, updates,
    };
    vec![
        get("/sign-in", Anyone, sign_in::show),
        post("/sign-in", Anyone, sign_in::enter),
        post("/sign-out", Staff, sign_in::leave),
        get("", Staff, dashboard::show),
        post("/stop", May(StopSending), deeds::stop),
        post("/start", May(StopSending), deeds::start),
        get("/incidents", May(SeeIncidents), incidents::list),
        post("/incidents", May(SteerIncident), incidents::open),
        get("/incidents/{slug}", May(SeeIncidents), incident::show),
        post("/incidents/{slug}/state", May(SteerIncident), incident::move_to),
        post("/incidents/{slug}/facts", May(SteerIncident), facts::save),
        post("/incidents/{slug}/updates", May(SteerIncident), updates::publish),
        get("/incidents/{slug}/facts/publish", May(SteerIncident), facts::preview),
        post("/incidents/{slug}/facts/publish", May(SteerIncident), facts::publish),
        post("/incidents/{slug}/forget", May(ForgetIncident), forget::forget),
        get("/incidents/{slug}/import", May(ImportScope), import::ask),
        get("/incidents/{slug}/importing", May(ImportScope), import::importing),
        post("/incidents/{slug}/uploads", May(ImportScope), import::begin_upload),
        get("/uploads/{upload}", May(ImportScope), pieces::show),
        patch("/uploads/{upload}", May(ImportScope), pieces::add_from_page),
        post("/incidents/{slug}/scopes", May(ImportScope), import::import),
        get("/incidents/{slug}/scopes/{version}", May(SeeIncidents), scopes::show),
        get("/incidents/{slug}/scopes/{version}/rejects", May(ImportScope), scopes::rejects),
        post("/incidents/{slug}/scopes/{version}/activate", May(ImportScope), scopes::activate),
        post("/incidents/{slug}/scopes/{version}/discard", May(ImportScope), scopes::discard),
        get("/incidents/{slug}/account", May(SeeIncidents), account::show),
        get("/incidents/{slug}/people", May(SeeAllPeople), account::people),
        get("/incidents/{slug}/letters", May(SeeIncidents), console::letters::show),
        post("/incidents/{slug}/letters", May(ImportScope), console::letters::take),
        post("/incidents/{slug}/letters/told", May(ImportScope), console::letters::told_one),
        post("/incidents/{slug}/letters/returned", May(ImportScope), console::letters::returned),
        post("/incidents/{slug}/minors", May(SteerIncident), console::letters::minors),
        post("/letters/{batch}/posted", May(ImportScope), console::letters::posted),
        post("/letters/{batch}/told", May(ImportScope), console::letters::told),
        post("/letters/{batch}/discard", May(ImportScope), console::letters::discard),
        get("/templates", May(SeeTemplates), templates::list),
        post("/templates", May(EditTemplate), templates::begin),
        get("/templates/{template}", May(SeeTemplates), template::show),
        get("/templates/{template}/preview", May(SeeTemplates), preview::html),
        post("/templates/{template}/versions", May(EditTemplate), template::save),
        get("/campaigns", May(SeeCampaigns), campaigns::list),
        post("/campaigns", May(DraftCampaign), campaigns::draft),
        get("/campaigns/{campaign}", May(SeeCampaigns), campaign::show),
        get("/campaigns/{campaign}/live", May(SeeCampaigns), live::events),
        get("/campaigns/{campaign}/notices", May(SeeCampaigns), notices::list),
        post("/campaigns/{campaign}/submit", May(DraftCampaign), deeds::submit),
        post("/campaigns/{campaign}/approve", May(ApproveCampaign), deeds::approve),
        post("/campaigns/{campaign}/take-back", May(DraftCampaign), deeds::take_back),
        post("/campaigns/{campaign}/launch", May(LaunchCampaign), deeds::launch),
        post("/campaigns/{campaign}/pause", May(LaunchCampaign), deeds::pause),
        post("/campaigns/{campaign}/resume", May(LaunchCampaign), deeds::resume),
        post("/campaigns/{campaign}/cancel", May(LaunchCampaign), deeds::cancel),
        get("/notices/{notice}", May(SeeCampaigns), notices::show),
        get("/people/{person}", May(SeePeople), console::ledger::show),
        post("/people/{person}/revoke-links", May(RevokeLinks), console::ledger::revoke_links),
        get("/helpline", May(SeeTickets), helpline::show),
        post("/helpline/next", May(WorkTickets), helpline::next),
        get("/helpline/call", May(WorkTickets), call::show),
        post("/helpline/call", May(WorkTickets), call::log),
        get("/tickets/{ticket}", May(SeeTickets), tickets::show),
        post("/tickets/{ticket}/messages", May(WorkTickets), tickets::write),
        post("/tickets/{ticket}/transition", May(WorkTickets), tickets::transition),
        post("/tickets/{ticket}/release", May(WorkTickets), tickets::release),
        post("/tickets/{ticket}/assign", May(LeadTickets), tickets::assign),
        get("/me", Staff, console::me::show),
        post("/me/password", Staff, console::me::change),
        post("/me/sessions/{session}/end", Staff, console::me::end),
        get("/staff", May(SeeStaff), console::staff::show),
        post("/staff/{id}/disable", May(ManageStaff), console::staff::disable),
        post("/staff/{id}/enable", May(ManageStaff), console::staff::enable),
        post("/keys/{key}/revoke", May(ManageStaff), console::staff::revoke_key),
        get("/audit", May(ReadAudit), console::audit::show),
        get("/outbox", May(SeeOutbox), outbox::show),
        get("/outbox/{name}", May(SeeOutbox), outbox::one),
        get("/outbox/{name}/html", May(SeeOutbox), outbox::html),
        get("/design", Staff, console::design::show),
    ]
}

/// Under `/api/v1`: what programs call.
#[rustfmt::skip]
fn api() -> Vec<Door> {
    use api::{
        campaign_audience, campaigns, elements, incidents, letters, notices, people, scopes, sending, templates, tickets,
    };
    vec![
        post("/incidents", May(SteerIncident), incidents::open),
        get("/incidents/{incident}", May(SeeIncidents), incidents::show),
        post("/incidents/{incident}/updates", May(SteerIncident), incidents::publish),
        post("/incidents/{incident}/state", May(SteerIncident), incidents::move_to),
        post("/incidents/{incident}/facts/publish", May(SteerIncident), incidents::publish_facts),
        post("/incidents/{incident}/forget", May(ForgetIncident), incidents::forget),
        get("/incidents/{incident}/account", May(SeeIncidents), people::account),
        get("/incidents/{incident}/people", May(SeePeople), people::find),
        get("/people/{person}", May(SeePeople), people::show),
        post("/people/{person}/revoke-links", May(RevokeLinks), people::revoke_links),
        get("/incidents/{incident}/letters", May(SeeIncidents), letters::list),
        post("/incidents/{incident}/letters/returned", May(ImportScope), letters::returned),
        post("/incidents/{incident}/letters/told", May(ImportScope), letters::told_one),
        post("/incidents/{incident}/minors", May(SteerIncident), letters::minors),
        post("/letters/{batch}/posted", May(ImportScope), letters::posted),
        post("/letters/{batch}/told", May(ImportScope), letters::told),
        post("/letters/{batch}/discard", May(ImportScope), letters::discard),
        get("/incidents/{incident}/scopes", May(SeeIncidents), scopes::list),
        post("/incidents/{incident}/uploads", May(ImportScope), scopes::begin_upload),
        get("/uploads/{upload}", May(ImportScope), pieces::show),
        patch("/uploads/{upload}", May(ImportScope), pieces::add),
        post("/incidents/{incident}/scopes", May(ImportScope), scopes::import),
        get("/incidents/{incident}/scopes/{version}", May(SeeIncidents), scopes::show),
        get("/incidents/{incident}/scopes/{version}/rejects", May(ImportScope), scopes::rejects),
        post("/incidents/{incident}/scopes/{version}/activate", May(ImportScope), scopes::activate),
        post("/incidents/{incident}/scopes/{version}/discard", May(ImportScope), scopes::discard),
        get("/elements", May(SeeIncidents), elements::list),
        get("/templates", May(SeeTemplates), templates::list),
        post("/templates", May(EditTemplate), templates::create),
        get("/templates/{template}", May(SeeTemplates), templates::show),
        post("/templates/{template}/versions", May(EditTemplate), templates::add_version),
        post("/templates/{template}/preview", May(SeeTemplates), templates::preview),
        get("/sending", May(SeeCampaigns), sending::show),
        get("/campaigns", May(SeeCampaigns), campaigns::list),
        post("/campaigns", May(DraftCampaign), campaigns::create),
        get("/campaigns/{campaign}", May(SeeCampaigns), campaigns::show),
        get("/campaigns/{campaign}/audience", May(SeeCampaigns), campaign_audience::show),
        post("/campaigns/{campaign}/submit", May(DraftCampaign), campaigns::submit),
        post("/campaigns/{campaign}/approve", May(ApproveCampaign), campaigns::approve),
        post("/campaigns/{campaign}/take-back", May(DraftCampaign), campaigns::take_back),
        post("/campaigns/{campaign}/launch", May(LaunchCampaign), campaigns::launch),
        post("/campaigns/{campaign}/pause", May(LaunchCampaign), campaigns::pause),
        post("/campaigns/{campaign}/resume", May(LaunchCampaign), campaigns::resume),
        post("/campaigns/{campaign}/cancel", May(LaunchCampaign), campaigns::cancel),
        get("/campaigns/{campaign}/notices", May(SeeCampaigns), notices::list),
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

const MINE: &str = "/s/{token}";
const CONSOLE: &str = "/console";
const API: &str = "/api/v1";

fn routes(to: &mut ServiceConfig) {
    to.configure(|to| open(public(), to))
        .service(
            web::scope(MINE)
                .wrap(from_fn(recognise::by_link))
                .configure(|to| open(mine(), to)),
        )
        .service(
            web::scope(CONSOLE)
                .wrap(from_fn(recognise::by_session))
                .configure(|to| open(console(), to)),
        )
        .service(
            web::scope(API)
                .wrap(from_fn(idempotency::once))
                .wrap(from_fn(recognise::by_key))
                .configure(|to| open(api(), to)),
        );
}

/// Who may pass a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Anyone,
    /// The holder of a good status link.
    Link,
    /// Every member of staff.
    Staff,
    /// Staff with this right.
    May(Right),
}

/// One route.
pub struct Door {
    /// Its method; `GET` answers `HEAD` too.
    pub method: Method,
    /// Its address within its part.
    pub path: &'static str,
    /// Who may pass, as the test of all doors expects.
    pub who: Who,
    route: Route,
}

/// All doors with their whole address: the table for `tests/it/doors.rs`.
pub fn doors() -> Vec<(Method, String, Who)> {
    let parts = [
        ("", public()),
        (MINE, mine()),
        (CONSOLE, console()),
        (API, api()),
    ];
    let whole = |(prefix, doors): (&'static str, Vec<Door>)| {
        doors
            .into_iter()
            .map(move |door| (door.method, format!("{prefix}{}", door.path), door.who))
    };
    parts.into_iter().flat_map(whole).collect()
}

fn get<F, Args>(path: &'static str, who: Who, handler: F) -> Door
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let reads = guard::Any(guard::Get()).or(guard::Head());
    let route = Route::new().guard(reads).to(handler);
    Door {
        method: Method::GET,
        path,
        who,
        route,
    }
}

fn post<F, Args>(path: &'static str, who: Who, handler: F) -> Door
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let route = web::post().to(handler);
    Door {
        method: Method::POST,
        path,
        who,
        route,
    }
}

fn patch<F, Args>(path: &'static str, who: Who, handler: F) -> Door
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let route = web::patch().to(handler);
    Door {
        method: Method::PATCH,
        path,
        who,
        route,
    }
}

/// Registers doors: those with the same address as one resource, which knows its other methods.
fn open(mut doors: Vec<Door>, to: &mut ServiceConfig) {
    while let Some(first) = doors.first().map(|door| door.path) {
        let (here, rest): (Vec<_>, Vec<_>) = doors.into_iter().partition(|d| d.path == first);
        doors = rest;
        let methods: Vec<_> = here.iter().map(|door| door.method.as_str()).collect();
        let allow = methods.join(", ");
        let refuse = move || {
            let problem = Problem::method_not_allowed(&allow);
            async move { HttpResponse::from_error(problem) }
        };
        let resource = web::resource(first).default_service(web::to(refuse));
        to.service(
            here.into_iter()
                .fold(resource, |resource, door| resource.route(door.route)),
        );
    }
}

/// What the web needs beside the program itself.
pub struct Home {
    /// The runtime of the process, for work that a web worker's own cannot do.
    pub runtime: Handle,
    /// Resolves when answers that never end by themselves (events) must end.
    pub leaving: CancellationToken,
    /// Whether all migrations were found to have run.
    pub is_migrated: AtomicBool,
}

/// Serves until the end is asked for; requests in hand may finish.
///
/// # Errors
/// If the socket cannot be served.
pub async fn serve(app: App, listener: TcpListener, shutdown: &Shutdown) -> io::Result<()> {
    let workers = match app.config.http.workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        n => n,
    };
    let app = Data::new(app);
    let attempts = Data::new(Attempts::default());
    let audiences = Data::new(console::audience::Audiences::default());
    let home = Data::new(Home {
        runtime: Handle::current(),
        leaving: shutdown.soft().clone(),
        is_migrated: AtomicBool::new(false),
    });
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(app.clone())
            .app_data(attempts.clone())
            .app_data(audiences.clone())
            .app_data(home.clone())
            .app_data(PayloadConfig::new(app.config.http.body_limit))
            .app_data(PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
            .app_data(QueryConfig::default().error_handler(|why, _| api::bad_query(&why).into()))
            .configure(routes)
            .default_service(web::to(|| async {
                HttpResponse::from_error(Problem::not_found())
            }))
            .wrap(from_fn(dress::dress))
            .wrap(from_fn(site::headers))
            .wrap(Compress::default())
            .wrap(NormalizePath::new(TrailingSlash::Trim))
            .wrap(from_fn(site::log))
    })
    .workers(workers)
    .disable_signals()
    .shutdown_timeout(20)
    .client_request_timeout(Duration::from_secs(15))
    .listen(listener)?
    .run();
    let handle = server.handle();
    let soft = shutdown.soft().clone();
    shutdown.spawn(async move {
        soft.cancelled().await;
        handle.stop(true).await;
    });
    tokio::select! {
        served = server => served,
        () = shutdown.hard().cancelled() => Ok(()),
    }
}
