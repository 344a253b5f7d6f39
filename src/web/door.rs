//! A route and who may use it.

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route, guard};

use crate::staff::Right;
use crate::web::problem::Problem;

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
    pub(super) route: Route,
}

pub(super) fn get<F, Args>(path: &'static str, who: Who, handler: F) -> Door
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

pub(super) fn post<F, Args>(path: &'static str, who: Who, handler: F) -> Door
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

pub(super) fn patch<F, Args>(path: &'static str, who: Who, handler: F) -> Door
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
pub(super) fn open(mut doors: Vec<Door>, to: &mut ServiceConfig) {
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
