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

fn door<F, Args>(method: Method, path: &'static str, who: Who, handler: F) -> Door
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let route = match method {
        Method::GET => Route::new().guard(guard::Any(guard::Get()).or(guard::Head())),
        _ => web::method(method.clone()),
    };
    Door {
        method,
        path,
        who,
        route: route.to(handler),
    }
}

macro_rules! doors {
    ($($name:ident $method:ident),*) => {$(
        pub(super) fn $name<F, Args>(path: &'static str, who: Who, handler: F) -> Door
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            door(Method::$method, path, who, handler)
        }
    )*};
}
doors!(get GET, post POST, patch PATCH);

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
