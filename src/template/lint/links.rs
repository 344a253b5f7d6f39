//! Links: where they lead, and whether a reader can see that.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{Check, Findings, Severity, reading};

/// Link shorteners: they hide where a link leads, as a phisher would.
const SHORTENERS: [&str; 16] = [
    "bit.ly",
    "tinyurl.com",
    "t.co",
    "goo.gl",
    "ow.ly",
    "is.gd",
    "buff.ly",
    "rebrand.ly",
    "cutt.ly",
    "lnkd.in",
    "t.ly",
    "rb.gy",
    "shorturl.at",
    "tiny.cc",
    "bl.ink",
    "s.id",
];

impl Findings {
    pub(super) fn links(&mut self, body: &str) {
        // Placeholders hold spaces, which would end an address.
        let body = reading::replace_placeholders(body, '\u{E000}');
        for (event, range) in Parser::new_ext(&body, Options::empty()).into_offset_iter() {
            let line = body[..range.start].matches('\n').count() + 1;
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    self.link(line, &dest_url);
                }
                Event::Text(text) => self.bare_addresses(line, &text),
                Event::Html(_) | Event::InlineHtml(_) => self.add(
                    Check::Unfinished,
                    Severity::Warning,
                    line,
                    "HTML",
                    "It is shown to the reader as it stands here. Use Markdown.",
                ),
                _ => {}
            }
        }
    }

    fn bare_addresses(&mut self, line: usize, text: &str) {
        let is_address = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
        for word in text.split_whitespace().filter(is_address) {
            self.link(line, word);
        }
    }

    fn link(&mut self, line: usize, address: &str) {
        let shown: String = address
            .chars()
            .filter(|c| *c != '\u{E000}')
            .take(60)
            .collect();
        let lower = address.to_lowercase();
        let found = |me: &mut Self, check, severity, why| {
            me.add(check, severity, line, format!("“{shown}”"), why);
        };
        let Some(rest) = lower
            .strip_prefix("https://")
            .or_else(|| lower.strip_prefix("http://"))
        else {
            // Whole addresses that are placeholders are the program's own.
            if !lower.is_empty() && !is_harmless(&lower) {
                found(
                    self,
                    Check::UnsafeLink,
                    Severity::Error,
                    "Only https, mailto and tel addresses become links. Write the whole address.",
                );
            }
            return;
        };
        if lower.starts_with("http://") {
            let why = "It is not encrypted. Use https.";
            found(self, Check::UnsafeLink, Severity::Warning, why);
        }
        let (authority, host) = authority_and_host(rest);
        if SHORTENERS.contains(&host) {
            found(
                self,
                Check::Shortener,
                Severity::Error,
                "A link shortener hides where the link leads, as a phisher would. Use your own \
                 address.",
            );
        }
        if authority.contains('@') || host.parse::<std::net::Ipv4Addr>().is_ok() {
            found(
                self,
                Check::UnsafeLink,
                Severity::Error,
                "The address looks like a phisher's. Use your own well-known name.",
            );
        }
    }
}

/// Of an address without its scheme: what stands before the path, and the host without `www.`.
fn authority_and_host(rest: &str) -> (&str, &str) {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = authority.rsplit('@').next().unwrap_or("");
    let host = host.split(':').next().unwrap_or("");
    (authority, host.trim_start_matches("www."))
}

/// The hosts of the web addresses in a text, in lower case, without `www.`.
pub(in crate::template) fn hosts(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut hosts = Vec::new();
    for scheme in ["https://", "http://"] {
        for (at, _) in lower.match_indices(scheme) {
            let end = |c: char| c.is_whitespace() || matches!(c, ')' | '>' | ']' | '"' | ',' | ';');
            let rest = lower[at + scheme.len()..].split(end).next().unwrap_or("");
            let host = authority_and_host(rest).1.trim_end_matches('.');
            if !host.is_empty() && !host.contains('\u{E000}') {
                hosts.push(host.to_owned());
            }
        }
    }
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

fn is_harmless(address: &str) -> bool {
    address.starts_with("mailto:")
        || address.starts_with("tel:")
        || address.starts_with('\u{E000}')
        // <name@host>
        || (address.contains('@') && !address.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::lint::lint;

    #[test]
    fn unsafe_links_are_errors_and_plain_http_a_warning() {
        let of = |body: &str| {
            let mut findings = lint("s", body);
            findings.retain(|f| f.line > 0);
            findings.first().map(|f| f.severity)
        };
        assert_eq!(of("[a](javascript:alert)"), Some(Severity::Error));
        assert_eq!(of("[a](https://bit.ly/x)"), Some(Severity::Error));
        assert_eq!(of("See https://www.bit.ly/x now"), Some(Severity::Error));
        assert_eq!(
            of("[a](https://bank.example@evil.example/)"),
            Some(Severity::Error)
        );
        assert_eq!(of("[a](https://192.0.2.1/)"), Some(Severity::Error));
        assert_eq!(of("[a](/relative)"), Some(Severity::Error));
        assert_eq!(of("[a](http://example.com)"), Some(Severity::Warning));
        assert_eq!(
            of("[a]({{ status_link }}) <me@example.com> [t](tel:+1)"),
            None
        );
    }
}
