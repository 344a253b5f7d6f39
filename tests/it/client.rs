//! The clients of the web in tests: a person with a browser, and a program with a key. Both are plain blocking clients,
//! so that they share no code with the server.

mod program;

use std::collections::BTreeMap;
use std::net::{IpAddr, TcpListener};
use std::sync::Mutex;

use candor::actor::{Actor, System};
use candor::address::EmailAddress;
use candor::app::App;
use candor::shutdown::Shutdown;
use candor::staff::password::{Cost, Password};
use candor::staff::sign_in::{Attempts, sign_in};
use candor::staff::{Staff, StaffRole, key, manage};
use candor::web;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Request, Response};

type Outcome = Result<Response<ureq::Body>, ureq::Error>;

pub use self::program::{ApiClient, figures};

/// The password of all accounts in tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// The web of a house, on a free port, until it is dropped.
pub struct Site {
    /// Its address, without a slash at the end.
    pub url: String,
    /// The program behind it.
    pub app: App,
    shutdown: Shutdown,
}

impl Site {
    /// Serves `app`.
    pub async fn open(app: &App) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = Shutdown::new();
        let (served, until) = (app.clone(), shutdown.clone());
        tokio::spawn(async move { web::serve(served, listener, &until).await.unwrap() });
        Self {
            url,
            app: app.clone(),
            shutdown,
        }
    }

    /// An account that can sign in with [`PASSWORD`].
    pub async fn staff(&self, name: &str, roles: &[StaffRole]) -> Staff {
        let email = EmailAddress::parse(&format!("{name}@staff.example")).unwrap();
        let hash = Password::parse(PASSWORD).unwrap().hash(Cost::LIGHT).await;
        manage::add(
            &self.app,
            Actor::System(System::Cli),
            name,
            &email,
            roles,
            &hash,
        )
        .await
        .unwrap()
    }

    /// A browser that is not signed in.
    pub fn browser(&self) -> Browser {
        Browser {
            agent: agent(),
            base: self.url.clone(),
            cookies: Mutex::default(),
        }
    }

    /// A browser in which a new member of staff with these roles is signed in. It does not use the form, which counts
    /// attempts.
    pub async fn signed_in(&self, name: &str, roles: &[StaffRole]) -> Browser {
        self.staff(name, roles).await;
        let (from, email) = (
            IpAddr::from([127, 0, 0, 1]),
            format!("{name}@staff.example"),
        );
        let words = (email.as_str(), PASSWORD);
        let signed = sign_in(&self.app, &Attempts::default(), from, None, words).await;
        let browser = self.browser();
        let name = match self.app.config.http.public_url.is_https() {
            true => "__Host-candor_session",
            false => "candor_session",
        };
        let cookie = (name.to_owned(), signed.unwrap().token.expose());
        browser.cookies.lock().unwrap().extend([cookie]);
        browser
    }

    /// A program with an API key of an account with these roles.
    pub async fn program(&self, roles: &[StaffRole]) -> ApiClient {
        let made = key::create(&self.app, Actor::System(System::Cli), "program", roles).await;
        ApiClient {
            agent: agent(),
            base: self.url.clone(),
            key: made.unwrap().1.expose(),
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.leave();
    }
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into()
}

/// An answer as it was received.
#[derive(Debug)]
pub struct Seen {
    /// HTTP status.
    pub status: u16,
    /// Headers, with names in lower case; of repeated headers the last one.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Seen {
    fn of(response: Outcome) -> Self {
        let mut response = response.unwrap();
        let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = response
            .headers()
            .iter()
            .map(|(n, v)| (n.to_string(), text(v)))
            .collect();
        Self {
            status: response.status().as_u16(),
            headers,
            body: response.body_mut().read_to_string().unwrap(),
        }
    }

    /// A header, empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The path to which a redirect leads.
    pub fn goal(&self) -> String {
        let path = self.header("location").split('?').next();
        path.unwrap_or_default().to_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// The hidden fields of the first form on the page that posts to `path`, by itself or by one of its buttons.
    fn hidden_in(&self, path: &str) -> Vec<(String, String)> {
        let forms = crate::html::forms(&self.body);
        let form = forms.iter().find(|form| {
            let buttons = form.buttons().filter(|button| !button.has("disabled"));
            let mut goals = buttons.filter_map(|button| button.get("formaction"));
            form.action == path || goals.any(|goal| goal == path)
        });
        form.map(crate::html::Form::hidden).unwrap_or_default()
    }

    /// The CSRF token of the forms on the page.
    pub fn csrf(&self) -> &str {
        let (_, rest) = self
            .body
            .split_once("name=\"csrf\" value=\"")
            .expect("a form on the page");
        rest.split_once('"').unwrap().0
    }
}

/// A person with a browser: cookies and forms, no script. Redirects are returned, not followed.
pub struct Browser {
    agent: Agent,
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    /// Opens a page.
    pub fn get(&self, path: &str) -> Seen {
        let request = Request::get(format!("{}{path}", self.base)).header("cookie", self.jar());
        self.keep(|| self.agent.run(request.body(()).unwrap()))
    }

    /// A page, which must open.
    pub fn page(&self, path: &str) -> String {
        let seen = self.get(path);
        assert_eq!(seen.status, 200, "{path}: {}", seen.body);
        seen.body
    }

    /// Sends a form as it is, with or without a token, with extra headers.
    pub fn post(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Seen {
        let mut request = Request::post(format!("{}{path}", self.base))
            .header("cookie", self.jar())
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = serde_urlencoded::to_string(fields).unwrap();
        self.keep(|| self.agent.run(request.body(body).unwrap()))
    }

    /// Sends octets as a page's script does.
    pub fn patch(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Seen {
        let mut request =
            Request::patch(format!("{}{path}", self.base)).header("cookie", self.jar());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.keep(|| self.agent.run(request.body(body.to_owned()).unwrap()))
    }

    /// Fills in a form of the page at `page` and sends it to `path`, with the form's hidden fields that the caller does
    /// not give.
    pub fn submit(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Seen {
        let seen = self.get(page);
        let token = ("csrf", seen.csrf());
        let hidden = seen.hidden_in(path);
        let hidden: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| {
                let mut given = fields.iter().chain([&token]);
                given.all(|(given, _)| given != name)
            })
            .collect();
        self.post(
            path,
            &[&[token], fields, &hidden].concat(),
            &[("sec-fetch-site", "same-origin")],
        )
    }

    /// Sends a multipart form that the caller has built with the boundary `frontier`.
    pub fn post_parts(&self, path: &str, body: &str) -> Seen {
        let request = Request::post(format!("{}{path}", self.base))
            .header("cookie", self.jar())
            .header("content-type", "multipart/form-data; boundary=frontier");
        self.keep(|| self.agent.run(request.body(body.to_owned()).unwrap()))
    }

    /// Sends a file with the form of the page at `page`, as a browser does.
    pub fn upload(&self, page: &str, path: &str, fields: &[(&str, &str)], file: &str) -> Seen {
        let seen = self.get(page);
        let mut body = String::new();
        for (name, value) in [&[("csrf", seen.csrf())], fields].concat() {
            body += &format!(
                "--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        body += "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\
                 Content-Type: text/csv\r\n\r\n";
        body += &format!("{file}\r\n--frontier--\r\n");
        let request = Request::post(format!("{}{path}", self.base))
            .header("cookie", self.jar())
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "multipart/form-data; boundary=frontier");
        self.keep(|| self.agent.run(request.body(body).unwrap()))
    }

    /// Opens the page that a redirect leads to.
    pub fn follow(&self, seen: &Seen) -> Seen {
        assert_eq!(seen.status, 303, "{}", seen.body);
        self.get(seen.header("location"))
    }

    /// Answers a ticket, sets it to solved, and returns its state.
    pub fn answer(&self, ticket: &str) -> String {
        let fields = [
            ("kind", "reply"),
            ("text", "Hello."),
            ("then", "solved"),
            ("resolution", "answered"),
        ];
        let sent = self.submit(ticket, &format!("{ticket}/messages"), &fields);
        self.follow(&sent).body
    }

    /// Signs in through the form.
    pub fn sign_in(&self, email: &str, password: &str) -> Seen {
        let fields = [("email", email), ("password", password)];
        self.submit("/console/sign-in", "/console/sign-in", &fields)
    }

    /// A cookie that the browser holds.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Gives the browser a cookie.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let cookie = (name.to_owned(), value.to_owned());
        self.cookies.lock().unwrap().extend([cookie]);
    }

    fn jar(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        let pairs: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&self, ask: impl FnOnce() -> Outcome) -> Seen {
        let response = tokio::task::block_in_place(ask).unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if cookie.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        tokio::task::block_in_place(|| Seen::of(Ok(response)))
    }
}

/// The page without the labels that narrow screens show next to the cells of tables.
pub fn unlabelled(html: &str) -> String {
    let mut parts = html.split(" data-label=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once('"').unwrap().1);
    rest.fold(first, |all, part| all + part)
}
