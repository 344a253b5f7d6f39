//! What every page is made of besides its own words: the frames around it, moments and figures
//! as people read them, faults beside their fields, and the embedded style sheet and script.
//!
//! A page is one askama struct beside its `.html`; a handler fills it and calls [`show`].

use std::fmt;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{DateTime, TimeDelta, Utc};

use crate::staff::Right;

/// The organisation that speaks, as its public pages name it.
#[derive(Debug, Clone, Default)]
pub struct Organisation {
    /// Its name as customers know it.
    pub name: String,
    /// Where these pages live, as the links that are sent begin: the one address that is genuine. No slash at the end.
    pub site: String,
    /// The addresses its notices come from.
    pub senders: Vec<String>,
    /// The helpline's number, if there is one.
    pub phone: Option<String>,
    /// When somebody answers that number, in words.
    pub hours: String,
    /// Where suspicious messages may be forwarded, if anywhere.
    pub report_to: Option<String>,
}

/// Another language the same page can be read in.
#[derive(Debug, Clone)]
pub struct Language {
    /// BCP 47.
    pub code: String,
    /// Its own name for itself.
    pub name: String,
    /// This page in that language.
    pub href: String,
    /// Whether it is the one shown.
    pub here: bool,
}

/// The frame of a public page.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// Who speaks.
    pub organisation: Organisation,
    /// BCP 47 tag of the page's own words.
    pub lang: String,
    /// `ltr` or `rtl`, of the page's own words.
    pub dir: String,
    /// All languages offered, this one included; a choice is shown from two on.
    pub languages: Vec<Language>,
    /// Goes into every form.
    pub csrf: String,
    /// The answer to the last act, shown once.
    pub flash: Option<Flash>,
}

/// The parts of the console, for marking where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is the page of that name")]
pub enum Area {
    #[default]
    Dashboard,
    Incidents,
    Campaigns,
    Templates,
    Helpline,
    Staff,
    Audit,
    Outbox,
    Design,
    Me,
    None,
}

/// A link of the navigation: where it belongs, its address, its word.
pub type Link = (Area, &'static str, &'static str);

impl Area {
    /// The parts that most work in.
    pub const MAIN: &'static [Link] = &[
        (Area::Dashboard, "/console", "Dashboard"),
        (Area::Incidents, "/console/incidents", "Incidents"),
        (Area::Campaigns, "/console/campaigns", "Campaigns"),
        (Area::Templates, "/console/templates", "Templates"),
        (Area::Helpline, "/console/helpline", "Helpline"),
    ];
    /// The parts looked into now and then.
    pub const MORE: &'static [Link] = &[
        (Area::Staff, "/console/staff", "Staff"),
        (Area::Audit, "/console/audit", "Audit"),
        (Area::Outbox, "/console/outbox", "Outbox"),
        (Area::Design, "/console/design", "Design"),
    ];
}

/// The frame of a console page.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    /// The organisation, beside Candor's own name.
    pub organisation: String,
    /// The signed-in person.
    pub name: String,
    /// Their roles, in product words.
    pub roles: Vec<String>,
    /// Goes into every form.
    pub csrf: String,
    /// Which part is shown.
    pub area: Area,
    /// Set while the emergency stop is on.
    pub stopped: Option<Stopped>,
    /// Set while the database may be an older copy: why, and what to do. Nothing is sent then.
    pub doubt: Option<String>,
    /// Whether nothing is known of stop and doubt: an error page does not ask the database.
    pub unasked: bool,
    /// Whether this person may stop and start all sending.
    pub may_stop: bool,
    /// What this person may do: pages show no link and no button that would be refused.
    pub rights: Vec<Right>,
    /// The parts that this person may open, of those that most work in.
    pub main: Vec<Link>,
    /// The parts that this person may open, of those looked into now and then.
    pub more: Vec<Link>,
    /// The answer to the last act, shown once.
    pub flash: Option<Flash>,
}

impl Desk {
    /// Whether this person may do it.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }
}

/// The emergency stop, while it is on.
#[derive(Debug, Clone)]
pub struct Stopped {
    /// Since when.
    pub at: Moment,
    /// Who pressed it.
    pub by: String,
}

/// What a state, a figure or a sentence asks of its reader. Shown as word, shape and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing to do, nothing moving.
    #[default]
    Idle,
    /// In motion.
    Busy,
    /// Finished well.
    Done,
    /// Worth a look.
    Look,
    /// Act now.
    Act,
}

impl Tone {
    /// The tone of a state word of any of our state machines.
    pub fn of(state: &str) -> Tone {
        match state {
            "confirmed" | "scoping" | "notifying" | "monitoring" | "in_review" | "approved"
            | "scheduled" | "sending" | "open" | "being_checked" => Tone::Busy,
            "completed" | "sent" | "solved" | "active" | "known" | "genuine" | "notified"
            | "notified_by_post" | "notified_otherwise" => Tone::Done,
            "suspected" | "paused" | "deferred" | "pending" | "on_hold" | "withheld"
            | "uncertain" | "corrected" | "needs_letter" => Tone::Look,
            "approval_void" | "bounced" | "expired" | "stopped" | "unexplained" | "overdue"
            | "failed" | "import died" => Tone::Act,
            _ => Tone::Idle,
        }
    }
}

impl Tone {
    /// The path of its shape in a 16 by 16 drawing: ring, half disc, tick, triangle, square.
    pub fn shape(self) -> &'static str {
        match self {
            Tone::Idle => {
                "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z"
            }
            Tone::Busy => "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2.2v9.6a4.8 4.8 0 0 1 0-9.6z",
            Tone::Done => "M6 13.6.8 8.4l2.1-2.1L6 9.4l7.1-7.1 2.1 2.1z",
            Tone::Look => "M8 1.2 15.6 14.8H.4z",
            Tone::Act => "M1.5 1.5h13v13h-13z",
        }
    }
}

/// The class that carries the tone in the style sheet.
impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tone::Idle => "idle",
            Tone::Busy => "busy",
            Tone::Done => "done",
            Tone::Look => "look",
            Tone::Act => "act",
        })
    }
}

impl HtmlSafe for Tone {}

/// One sentence that answers the last act.
#[derive(Debug, Clone)]
pub struct Flash {
    /// How it went.
    pub tone: Tone,
    /// What happened and what comes next.
    pub text: String,
}

/// What is wrong with one field, and what to do about it.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The field's id on the page.
    pub field: String,
    /// A sentence.
    pub text: String,
}

/// Everything a form was refused for; empty on first sight.
#[derive(Debug, Clone, Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// The sentence for a field, or nothing.
    pub fn of(&self, field: &str) -> &str {
        self.0
            .iter()
            .find(|f| f.field == field)
            .map_or("", |f| f.text.as_str())
    }

    /// Whether there is anything to say.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }
}

/// A moment as a reader sees it; displays as a `<time>` element that carries the exact instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    at: DateTime<Utc>,
    words: String,
}

impl Moment {
    /// `Tuesday 17 August 2021, 14:05 UTC`: where a person must act or prove something.
    pub fn exact(at: DateTime<Utc>) -> Moment {
        Moment {
            at,
            words: at.format("%A %-d %B %Y, %H:%M UTC").to_string(),
        }
    }

    /// `Tuesday 17 August 2021`.
    pub fn day(at: DateTime<Utc>) -> Moment {
        Moment {
            at,
            words: at.format("%A %-d %B %Y").to_string(),
        }
    }

    /// `17 Aug 2021, 14:05:09`: for rows of tables; the column head says UTC.
    pub fn row(at: DateTime<Utc>) -> Moment {
        Moment {
            at,
            words: at.format("%-d %b %Y, %H:%M:%S").to_string(),
        }
    }

    /// `12 min ago`, or the day once it is longer ago than a week.
    pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> Moment {
        let gone = now - at;
        let words = if gone < TimeDelta::minutes(1) {
            "just now".to_owned()
        } else if gone < TimeDelta::days(7) {
            format!("{} ago", span(gone))
        } else {
            at.format("%-d %b %Y").to_string()
        };
        Moment { at, words }
    }

    /// `in 32 min`, or `2 h ago` once it is past.
    pub fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> Moment {
        if at <= now {
            return Moment::ago(at, now);
        }
        Moment {
            at,
            words: format!("in {}", span(at - now)),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (iso, exact) = (
            self.at.format("%FT%TZ"),
            self.at.format("%a %-d %b %Y, %H:%M:%S UTC"),
        );
        write!(
            f,
            r#"<time datetime="{iso}" title="{exact}">{}</time>"#,
            self.words
        )
    }
}

/// Every word in a `Moment` comes from a date format: nothing to escape.
impl HtmlSafe for Moment {}

/// A length of time in its largest fitting unit: `40 s`, `32 min`, `5 h`, `21 days`.
pub fn span(length: TimeDelta) -> String {
    match length.num_seconds().max(0) {
        s @ 0..60 => format!("{s} s"),
        s @ 60..5_400 => format!("{} min", s / 60),
        s @ 5_400..172_800 => format!("{} h", (s + 1_800) / 3_600),
        s => format!("{} days", s / 86_400),
    }
}

/// `88 %`, rounded down so that 100 % means all; nothing to do counts as all done.
pub fn percent(part: i64, whole: i64) -> String {
    format!("{} %", hundredths(part, whole) / 100)
}

/// Renders a page as the answer to a request.
///
/// # Errors
/// The template's own error: in practice only a formatter that failed.
pub fn show<T: Template>(status: StatusCode, page: &T) -> Result<HttpResponse, askama::Error> {
    let body = page.render()?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(body))
}

const CSS: &str = include_str!("site.css");
const JS: &str = include_str!("site.js");
const MARK: &str = include_str!("mark.svg");

static CSS_PATH: LazyLock<String> = LazyLock::new(|| named("site", "css", CSS));
static JS_PATH: LazyLock<String> = LazyLock::new(|| named("site", "js", JS));
static MARK_PATH: LazyLock<String> = LazyLock::new(|| named("mark", "svg", MARK));

/// Where the style sheet is served; the name changes with its content, so it may be kept forever.
pub fn css_path() -> &'static str {
    &CSS_PATH
}

/// Where the script is served; likewise.
pub fn js_path() -> &'static str {
    &JS_PATH
}

/// Where the icon is served; likewise.
pub fn mark_path() -> &'static str {
    &MARK_PATH
}

/// The embedded file behind a path, as content type and text.
pub fn asset(path: &str) -> Option<(&'static str, &'static str)> {
    match path {
        p if p == css_path() => Some(("text/css; charset=utf-8", CSS)),
        p if p == js_path() => Some(("text/javascript; charset=utf-8", JS)),
        p if p == mark_path() => Some(("image/svg+xml", MARK)),
        _ => None,
    }
}

/// FNV-1a: names a version, protects nothing.
fn named(stem: &str, ending: &str, content: &str) -> String {
    let hash = content
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("/assets/{stem}-{hash:016x}.{ending}")
}

/// The part of a whole in hundredths of a per cent, rounded down; of nothing, all.
pub fn hundredths(part: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return 10_000;
    }
    let share = i128::from(part.clamp(0, whole)) * 10_000 / i128::from(whole);
    i64::try_from(share).unwrap_or(10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: &str) -> DateTime<Utc> {
        s.parse().unwrap()
    }

    #[test]
    fn a_moment_reads_as_words_and_carries_the_instant() {
        let then = at("2021-08-17T14:05:09Z");
        assert_eq!(
            Moment::exact(then).to_string(),
            "<time datetime=\"2021-08-17T14:05:09Z\" title=\"Tue 17 Aug 2021, 14:05:09 UTC\">\
             Tuesday 17 August 2021, 14:05 UTC</time>"
        );
        assert_eq!(
            Moment::ago(then, at("2021-08-17T14:17:40Z")).words,
            "12 min ago"
        );
        assert_eq!(
            Moment::until(then, at("2021-07-27T14:05:09Z")).words,
            "in 21 days"
        );
    }

    #[test]
    fn a_hundred_per_cent_means_all() {
        assert_eq!(percent(9_999, 10_000), "99 %");
        assert_eq!(percent(10_000, 10_000), "100 %");
        assert_eq!(percent(0, 0), "100 %");
    }

    #[test]
    fn an_asset_is_found_under_its_own_name_only() {
        assert!(asset(css_path()).is_some());
        assert!(asset("/assets/site.css").is_none());
    }
}
