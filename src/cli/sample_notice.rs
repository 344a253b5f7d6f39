//! A sample notice, as the settings would send it. It is not sent.

use crate::address::EmailAddress;
use crate::clock::Clock;
use crate::config::Config;
use crate::mail::{Draft, Letter, Mailbox, compose};
use crate::template::Variant;
use crate::template::preview::{LINK_END, Reader, Setting, preview};

const SUBJECT: &str = "Your data was stolen";
const BODY: &str = "Dear {{ name }},\n\nthis is a sample. We lost this of yours: {{ elements }}.\n\n\
    {{ guidance }}\n\nYour page: {{ status_link }}\n";

/// A sample notice, and what the settings make of it in a sentence.
///
/// # Errors
/// Why the settings cannot make one, as a sentence that names the setting.
pub(super) fn sample(config: &Config) -> Result<(Letter, String), String> {
    let us = &config.organisation;
    let address = |key: &str, text: &str| {
        EmailAddress::parse(text).map_err(|why| format!("organisation.{key}: {why}"))
    };
    let from = address("from_address", &us.from_address)?;
    let return_path = match us.return_path.as_str() {
        "" => from.clone(),
        path => address("return_path", path)?,
    };
    let variant = Variant {
        subject: SUBJECT.to_owned(),
        body: BODY.to_owned(),
    };
    let setting = Setting {
        organisation: &us.name,
        incident: None,
        public_url: &config.http.public_url,
    };
    let reader = Reader::sample();
    let text = preview("en", &variant, &setting, &reader).map_err(|why| why.to_string())?;
    let to = EmailAddress::parse("alex@example.com").map_err(|why| why.to_string())?;
    let draft = Draft {
        message_id: format!("sample@{}", from.domain_ascii()),
        from: Mailbox {
            name: us.from_name.clone(),
            address: from,
        },
        to: Mailbox {
            name: reader.name,
            address: to,
        },
        return_path,
        subject: text.subject,
        text: text.text,
        html: Some(text.html),
        date: Clock::system().now(),
        language: "en".to_owned(),
        reply_to: None,
        headers: Vec::new(),
    };
    let letter = compose(&draft).map_err(|why| why.to_string())?;
    let bounces = match us.return_path.as_str() {
        "" => &us.from_address,
        path => path,
    };
    let told = format!(
        "from “{}” <{}>, bounces to {}, links like {}{LINK_END}",
        us.from_name, us.from_address, bounces, config.http.public_url
    );
    Ok((letter, told))
}
