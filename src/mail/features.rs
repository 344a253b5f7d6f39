//! What a server can do, by its answer to EHLO.

use lettre::transport::smtp::extension::{Extension, ServerInfo};

use super::answer::Answer;

/// What EHLO offered that lettre does not tell, and what it tells with an eye for case.
#[derive(Default)]
pub(super) struct Features {
    pub(super) pipelining: bool,
    pub(super) eight_bit: bool,
    pub(super) utf8: bool,
    /// RFC 1870; `Some(0)` sets no limit.
    pub(super) size: Option<usize>,
}

impl Features {
    /// What lettre kept of the first answer.
    pub(super) fn kept(server: &ServerInfo) -> Self {
        Features {
            eight_bit: server.supports_feature(Extension::EightBitMime),
            utf8: server.supports_feature(Extension::SmtpUtfEight),
            ..Features::default()
        }
    }

    pub(super) fn read(ehlo: &Answer) -> Self {
        let mut features = Features::default();
        for line in ehlo.text.lines() {
            let mut words = line.split_ascii_whitespace();
            match words
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase()
                .as_str()
            {
                "PIPELINING" => features.pipelining = true,
                "8BITMIME" => features.eight_bit = true,
                "SMTPUTF8" => features.utf8 = true,
                "SIZE" => {
                    features.size = Some(words.next().and_then(|n| n.parse().ok()).unwrap_or(0));
                }
                _ => {}
            }
        }
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ehlo_is_read_in_any_case() {
        let text =
            "mx.example at your service\nsize 1000\nPipelining\n8BITMIME\nSMTPUTF8".to_owned();
        let features = Features::read(&Answer { code: 250, text });
        assert!(features.pipelining && features.eight_bit && features.utf8);
        assert_eq!(features.size, Some(1000));
    }
}
