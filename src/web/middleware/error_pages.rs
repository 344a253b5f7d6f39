//! The form of every error: a problem document under `/api`, an error page elsewhere. A visitor who is not signed in and
//! opens a page of the console is sent to the sign-in page.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::time::Duration;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};

use crate::app::App;
use crate::web::caller::Signed;
use crate::web::console::problem::ProblemPage as ConsolePage;
use crate::web::form::resubmit::{self, Accepted, Resubmission};
use crate::web::page::{Area, ConsoleFrame};
use crate::web::problem::{Kind, Problem};
use crate::web::public::problem::{COPY, ProblemPage as PublicPage};
use crate::web::request_id::RequestId;
use crate::web::{caller, frame, page, problem::page_text, sign_in};

/// Middleware: renders errors. An error page that a handler wrote itself stays as it is.
pub(crate) async fn render_errors(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut answer = next.call(req).await?.map_into_boxed_body();
    let status = answer.status();
    mark_accepted(&mut answer);
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(answer);
    }
    let problem = match answer.response().error() {
        Some(error) => error.as_error::<Problem>().cloned(),
        None if answer.headers().contains_key(header::CONTENT_TYPE) => return Ok(answer),
        None => None,
    };
    let problem = problem.unwrap_or_else(|| Problem::from_status(status));
    let (req, _) = answer.into_parts();
    let problem = problem.of_request(RequestId::of(&req));
    if let (false, Some(app)) = (problem.cause().is_empty(), app(&req)) {
        app.db
            .trouble("a request could not reach the database", problem.cause());
    }
    let response = rendered(&problem, &req);
    Ok(ServiceResponse::new(req, response))
}

/// Tells the script that a form was accepted, so that it deletes the draft of that form. A redirect after a POST means
/// acceptance, and so does an answer marked as [`Accepted`]; an answer that shows the form again does not.
fn mark_accepted(answer: &mut ServiceResponse<BoxBody>) {
    let req = answer.request();
    let leads_on = answer.status() == StatusCode::SEE_OTHER;
    let is_marked = answer.response().extensions().contains::<Accepted>();
    let is_done = req.method() == Method::POST && (leads_on || is_marked);
    let (Some(id), Some(app)) = (resubmit::draft_id(req).filter(|_| is_done), app(req)) else {
        return;
    };
    let cookie = caller::cookie(app, "candor_accepted", id, "/")
        .http_only(false)
        .max_age(Duration::minutes(1))
        .finish();
    // It fails only for values that a header cannot hold; an id is letters and digits.
    let _ = answer.response_mut().add_cookie(&cookie);
}

fn app(req: &HttpRequest) -> Option<&App> {
    req.app_data::<web::Data<App>>().map(|app| &***app)
}

fn rendered(problem: &Problem, req: &HttpRequest) -> HttpResponse {
    if req.path().starts_with("/api") {
        return problem.error_response();
    }
    if problem.kind() == Kind::NotSignedIn && reads(req) {
        return sign_in::redirect(req);
    }
    let page = page(problem, req);
    let mut response = page.unwrap_or_else(|_| problem.error_response());
    if let Some((name, value)) = problem.header()
        && let Ok(value) = HeaderValue::from_str(value)
    {
        response.headers_mut().insert(name.clone(), value);
    }
    response
}

fn reads(req: &HttpRequest) -> bool {
    matches!(*req.method(), Method::GET | Method::HEAD)
}

fn page(problem: &Problem, req: &HttpRequest) -> Result<HttpResponse, askama::Error> {
    let kind = problem.kind();
    let Some(app) = app(req) else {
        return Ok(HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR));
    };
    // A form that was refused for its content would be refused again.
    let again = kind
        .status()
        .is_server_error()
        .then(|| resubmit::resubmission(req))
        .flatten();
    if req.path().starts_with("/console") {
        return page::show(kind.status(), &for_staff(problem, app, req, again));
    }
    let page = for_customers(problem, app, req)
        .with_typed(problem.words().to_owned(), problem.words_hint());
    let page = match again {
        Some(_) => page.with_again(again, is_known(problem)),
        None => page,
    };
    page::show(kind.status(), &page)
}

/// Whether it is known that the request changed nothing.
fn is_known(problem: &Problem) -> bool {
    match problem.kind() {
        Kind::Unsure => false,
        Kind::Away => !problem.sentence().is_empty(),
        _ => true,
    }
}

fn for_staff(
    problem: &Problem,
    app: &App,
    req: &HttpRequest,
    again: Option<Resubmission>,
) -> ConsolePage {
    let signed = req.extensions().get::<Signed>().cloned();
    let desk = signed.map(|signed| frame::desk(app, req, &signed, Area::None));
    ConsolePage {
        desk: ConsoleFrame {
            organisation: app.config.organisation.name.clone(),
            unasked: true,
            ..desk.unwrap_or_default()
        },
        title: page_text::title(problem.kind()).to_owned(),
        text: problem.sentence(),
        advice: vec![page_text::advice(problem)],
        reference: problem.reference().to_owned(),
        typed: problem.words().to_owned(),
        typed_hint: problem.words_hint(),
        back: back(problem, req),
        again,
    }
}

/// The page of the object that a form was about. Pages are sent with `no-referrer`, so the browser does not name it.
fn back(problem: &Problem, req: &HttpRequest) -> String {
    let mut parts = req.path().trim_start_matches('/').split('/');
    let (Some("console"), Some(of), Some(name), Some(_)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return String::new();
    };
    let has_page = matches!(
        of,
        "campaigns" | "incidents" | "people" | "templates" | "tickets"
    );
    match problem.kind() {
        Kind::NotFound | Kind::NotSignedIn | Kind::NotAllowed => String::new(),
        _ if has_page => format!("/console/{of}/{name}"),
        _ => String::new(),
    }
}

fn for_customers(problem: &Problem, app: &App, req: &HttpRequest) -> PublicPage {
    let visit = frame::visit(app, req);
    let reference = problem.reference().to_owned();
    match problem.kind() {
        Kind::NotFound => PublicPage::not_found(visit),
        Kind::Away => PublicPage::away(visit, reads(req), problem.sentence().is_empty(), reference),
        Kind::Unsure => PublicPage::unsure(visit),
        Kind::Broken => PublicPage::broken(visit, reference),
        kind => PublicPage {
            visit,
            title: page_text::title(kind).to_owned(),
            text: problem.sentence(),
            advice: vec![page_text::advice(problem)],
            reference,
            typed: String::new(),
            typed_hint: COPY,
            again: None,
        },
    }
}
