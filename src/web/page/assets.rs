//! The style sheets, the scripts and the icon, embedded in the program. Paths carry a hash, so that browsers keep the
//! files for good.

use std::sync::LazyLock;

use crate::seal::{sha256, to_hex};

const CSS: &str = include_str!("../site.css");
const JS: &str = include_str!("../site.js");
const EDITOR_CSS: &str = include_str!("../editor.css");
const EDITOR_JS: &str = include_str!("../editor.js");
const MARK: &str = include_str!("../mark.svg");

static CSS_PATH: LazyLock<String> = LazyLock::new(|| named("site", "css", CSS));
static JS_PATH: LazyLock<String> = LazyLock::new(|| named("site", "js", JS));
static EDITOR_CSS_PATH: LazyLock<String> = LazyLock::new(|| named("editor", "css", EDITOR_CSS));
static EDITOR_JS_PATH: LazyLock<String> = LazyLock::new(|| named("editor", "js", EDITOR_JS));
static MARK_PATH: LazyLock<String> = LazyLock::new(|| named("mark", "svg", MARK));

/// Where the style sheet is served; the name changes with its content, so it may be kept forever.
pub fn css_path() -> &'static str {
    &CSS_PATH
}

/// Where the script is served; likewise.
pub fn js_path() -> &'static str {
    &JS_PATH
}

/// Where the style sheet of the console's own parts is served; likewise.
pub fn editor_css_path() -> &'static str {
    &EDITOR_CSS_PATH
}

/// Where the script of the template editor is served; likewise.
pub fn editor_js_path() -> &'static str {
    &EDITOR_JS_PATH
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
        p if p == editor_css_path() => Some(("text/css; charset=utf-8", EDITOR_CSS)),
        p if p == editor_js_path() => Some(("text/javascript; charset=utf-8", EDITOR_JS)),
        p if p == mark_path() => Some(("image/svg+xml", MARK)),
        _ => None,
    }
}

/// The path of an asset: the first 64 bits of its SHA-256 make it new with every change.
fn named(stem: &str, ending: &str, content: &str) -> String {
    let hash = sha256(content.as_bytes());
    format!("/assets/{stem}-{}.{ending}", to_hex(&hash[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_under_its_own_name_only() {
        assert!(asset(css_path()).is_some());
        assert!(asset("/assets/site.css").is_none());
    }
}
