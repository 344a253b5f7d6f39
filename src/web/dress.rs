//! Gives every error the form its reader understands: a document under `/api`, a page elsewhere, and
//! for a stranger at a page of the console the way to the door.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};

use crate::app::App;
use crate::web::console::problem::ProblemPage as ConsolePage;
use crate::web::problem::{Kind, Problem};
use crate::web::public::problem::ProblemPage as PublicPage;
use crate::web::{frame, page, sign_in};

/// Middleware: dresses errors. What a handler wrote itself stays as it is.
pub async fn dress(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let answer = next.call(req).await?.map_into_boxed_body();
    let status = answer.status();
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
    let response = dressed(&problem, &req);
    Ok(ServiceResponse::new(req, response))
}

fn dressed(problem: &Problem, req: &HttpRequest) -> HttpResponse {
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
    if req.path().starts_with("/console") {
        return page::show(kind.status(), &for_staff(problem));
    }
    match req.app_data::<web::Data<App>>() {
        Some(app) => page::show(kind.status(), &for_customers(problem, app, req)),
        None => Ok(HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR)),
    }
}

fn for_staff(problem: &Problem) -> ConsolePage {
    ConsolePage {
        title: problem.kind().title().to_owned(),
        text: problem.sentence(),
        advice: vec![problem.kind().advice().to_owned()],
        reference: problem.reference().to_owned(),
        typed: problem.words().to_owned(),
    }
}

fn for_customers(problem: &Problem, app: &App, req: &HttpRequest) -> PublicPage {
    let visit = frame::visit(app, req);
    let page = match problem.kind() {
        Kind::NotFound => PublicPage::not_found(visit),
        Kind::Away => PublicPage::away(visit, reads(req), problem.sentence().is_empty()),
        Kind::Unsure => PublicPage::unsure(visit),
        Kind::Broken => PublicPage::broken(visit, problem.reference().to_owned()),
        kind => PublicPage {
            visit,
            title: kind.title().to_owned(),
            text: problem.sentence(),
            advice: vec![kind.advice().to_owned()],
            reference: String::new(),
            typed: String::new(),
        },
    };
    page.with_typed(problem.words().to_owned())
}
