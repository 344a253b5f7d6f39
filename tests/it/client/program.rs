//! A program with an API key, and `/metrics`.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

use candor::app::App;
use candor::shutdown::Shutdown;
use candor::web;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

use super::{Seen, agent};

/// A program with an API key.
pub struct ApiClient {
    pub(super) agent: Agent,
    pub(super) base: String,
    /// Its key.
    pub key: String,
}

impl ApiClient {
    /// Uses another site from now on, with the same key.
    pub fn move_to(&mut self, url: &str) {
        url.clone_into(&mut self.base);
    }

    /// Gets `path` below `/api/v1`.
    pub fn get(&self, path: &str) -> Seen {
        let request = self.request("GET", path).body(()).unwrap();
        tokio::task::block_in_place(|| Seen::of(self.agent.run(request)))
    }

    /// Posts JSON under a new Idempotency-Key.
    pub fn post(&self, path: &str, body: &Value) -> Seen {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let key = format!("auto-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.post_with(path, &[("idempotency-key", &key)], body)
    }

    /// Posts JSON with these headers and no others.
    pub fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Seen {
        let json = [&[("content-type", "application/json")], headers].concat();
        self.send(path, &json, &body.to_string())
    }

    /// Posts a body as it is.
    pub fn send(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Seen {
        self.submit("POST", path, headers, body)
    }

    /// Patches with a body as it is.
    pub fn patch(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Seen {
        self.submit("PATCH", path, headers, body)
    }

    fn submit(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Seen {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.to_owned()).unwrap();
        tokio::task::block_in_place(|| Seen::of(self.agent.run(request)))
    }

    fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.base));
        match self.key.as_str() {
            "" => request,
            key => request.header("authorization", format!("Bearer {key}")),
        }
    }
}

/// The answer of `/metrics`, which has an address of its own.
pub async fn figures(app: &App) -> String {
    let shutdown = Shutdown::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/metrics", listener.local_addr().unwrap());
    let (served, until) = (app.clone(), shutdown.clone());
    let served =
        tokio::spawn(async move { web::operations::serve(served, listener, &until).await });
    let seen = tokio::task::spawn_blocking(move || {
        let mut answer = agent().get(address).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    });
    let seen = seen.await.unwrap();
    shutdown.leave();
    served.await.unwrap().unwrap();
    seen
}
