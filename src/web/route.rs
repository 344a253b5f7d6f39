//! The table of routes: method, path, who may use it, handler.

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route, guard};

use crate::staff::Right;
use crate::web::problem::Problem;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Anyone,
    /// The holder of a valid status link.
    Link,
    /// Every member of staff.
    Staff,
    /// Members of staff with this right.
    May(Right),
}

/// One row of the table of routes.
pub struct Endpoint {
    /// The method; `GET` answers `HEAD` too.
    pub method: Method,
    /// The path within its scope.
    pub path: &'static str,
    /// Who may use it. The handler enforces it; the test of all routes compares the two.
    pub access: Access,
    pub(super) route: Route,
}

fn endpoint<F, Args>(method: Method, path: &'static str, access: Access, handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let route = match method {
        Method::GET => Route::new().guard(guard::Any(guard::Get()).or(guard::Head())),
        _ => web::method(method.clone()),
    };
    Endpoint {
        method,
        path,
        access,
        route: route.to(handler),
    }
}

macro_rules! methods {
    ($($name:ident $method:ident),*) => {$(
        pub(super) fn $name<F, Args>(path: &'static str, access: Access, handler: F) -> Endpoint
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            endpoint(Method::$method, path, access, handler)
        }
    )*};
}
methods!(get GET, post POST, patch PATCH);

/// Registers routes. Those with the same path become one resource, which answers 405 for other methods.
pub(super) fn register(mut endpoints: Vec<Endpoint>, to: &mut ServiceConfig) {
    while let Some(first) = endpoints.first().map(|endpoint| endpoint.path) {
        let (here, rest): (Vec<_>, Vec<_>) = endpoints.into_iter().partition(|e| e.path == first);
        endpoints = rest;
        let methods: Vec<_> = here
            .iter()
            .map(|endpoint| endpoint.method.as_str())
            .collect();
        let allow = methods.join(", ");
        let refuse = move || {
            let problem = Problem::method_not_allowed(&allow);
            async move { HttpResponse::from_error(problem) }
        };
        let resource = web::resource(first).default_service(web::to(refuse));
        to.service(here.into_iter().fold(resource, |resource, endpoint| {
            resource.route(endpoint.route)
        }));
    }
}
