//! Every page with sample data: rendered, checked for what no page may contain, and written to `CANDOR_LOOK_DIR`, where
//! a browser can open them (tests/browser does).

mod console;
mod helpline;
mod public;

use std::collections::BTreeMap;
use std::path::PathBuf;

use candor::web::page::{self, Moment};
use chrono::{DateTime, TimeDelta, Utc};

/// A name that breaks careless pages: markup, both directions, no place to break a line.
pub const HOSTILE: &str =
    "<b>Zoë</b> \"O'Brien\" & سارة_العبدالله_Rechtsschutzversicherungsgesellschaftsangestellte";

/// Three in the morning of the founding case.
pub fn now() -> DateTime<Utc> {
    "2021-08-24T03:05:00Z".parse().expect("a moment")
}

/// This number of minutes ago, as pages say it.
pub fn ago(minutes: i64) -> Moment {
    Moment::ago(now() - TimeDelta::minutes(minutes), now())
}

/// A moment in a table.
pub fn row(minutes: i64) -> Moment {
    Moment::row(now() - TimeDelta::minutes(minutes))
}

type Pages = BTreeMap<&'static str, String>;

fn every_page() -> Pages {
    let mut pages = Pages::new();
    public::draw(&mut pages);
    console::draw(&mut pages);
    pages
}

#[test]
fn every_page_is_drawn_without_inline_style_or_script() {
    let pages = every_page();
    for (name, html) in &pages {
        for never in [
            " style=",
            "<style",
            "javascript:",
            " onclick",
            " onload",
            "<b>Zoë",
            "http://",
        ] {
            assert!(!html.contains(never), "{name} contains {never}");
        }
        // The editor of templates has a script of its own.
        let scripts = 1 + usize::from(html.contains(page::editor_js_path()));
        assert_eq!(
            html.matches("<script src=").count(),
            scripts,
            "{name}: scripts by src"
        );
        assert_eq!(html.matches("<script").count(), scripts, "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}: one h1");
    }
    write(&pages);
}

#[test]
fn every_posting_form_carries_its_csrf_token() {
    for (name, html) in every_page() {
        for form in html
            .split("<form")
            .skip(1)
            .map(|f| f.split("</form>").next().unwrap_or(f))
        {
            let posts = form
                .split('>')
                .next()
                .is_some_and(|tag| tag.contains("\"post\""));
            let carries = form.contains("name=\"csrf\" value=\"sample-csrf\"");
            assert_eq!(posts, carries, "{name}: {}", &form[..form.len().min(90)]);
        }
    }
}

#[test]
fn every_id_on_a_page_is_unique_and_every_label_finds_its_field() {
    for (name, html) in every_page() {
        let ids: Vec<&str> = values(&html, " id=\"").collect();
        for id in &ids {
            assert_eq!(
                ids.iter().filter(|i| i == &id).count(),
                1,
                "{name}: #{id} twice"
            );
        }
        let pointed = [
            "label for=\"",
            "href=\"#",
            "aria-labelledby=\"",
            "data-panel=\"",
        ];
        for target in pointed.into_iter().flat_map(|a| values(&html, a)) {
            assert!(ids.contains(&target), "{name}: nothing is called #{target}");
        }
        for target in values(&html, "aria-describedby=\"").flat_map(str::split_whitespace) {
            assert!(ids.contains(&target), "{name}: nothing is called #{target}");
        }
    }
}

#[test]
fn style_sheet_and_script_stay_small() {
    let size = |path| {
        page::asset(path)
            .map(|(_, text)| text.len())
            .expect("an asset")
    };
    assert!(size(page::css_path()) < 30_000);
    assert!(size(page::js_path()) < 20_000);
    assert!(size(page::editor_css_path()) < 30_000);
    assert!(size(page::editor_js_path()) < 20_000);
}

fn values<'a>(html: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    html.split(before)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
}

/// Writes the pages for a browser, if CANDOR_LOOK_DIR is set.
fn write(pages: &Pages) {
    let Some(dir) = std::env::var_os("CANDOR_LOOK_DIR").map(PathBuf::from) else {
        return;
    };
    std::fs::create_dir_all(dir.join("assets")).expect("a directory");
    for path in [
        page::css_path(),
        page::js_path(),
        page::editor_css_path(),
        page::editor_js_path(),
        page::mark_path(),
    ] {
        let (_, text) = page::asset(path).expect("an asset");
        std::fs::write(dir.join(&path[1..]), text).expect("written");
    }
    for (name, html) in pages {
        std::fs::write(dir.join(format!("{name}.html")), html).expect("written");
    }
}
