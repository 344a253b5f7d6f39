//! The fields of a form as they were sent.

use std::collections::HashMap;

use serde::de::DeserializeOwned;

use super::value;
use super::{SECRETS, TOKEN};
use crate::web::control_characters::{self, Lines};
use crate::web::problem::Problem;

/// Each name with its values, in the order of the form.
pub(super) struct Fields(Vec<(String, Vec<String>)>);

impl Fields {
    /// Every name with each of its values.
    pub(super) fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.as_str(), value.as_str()))
        })
    }

    pub(super) fn parse(body: &[u8]) -> Self {
        let mut fields: Vec<(String, Vec<String>)> = Vec::new();
        // A form may have a hundred thousand names: a map finds each in constant time.
        let mut places: HashMap<String, usize> = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            let place = *places.entry(name.into_owned()).or_insert_with_key(|name| {
                fields.push((name.clone(), Vec::new()));
                fields.len() - 1
            });
            fields[place].1.push(value.into_owned());
        }
        Self(fields)
    }

    /// The last value under a name; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .and_then(|(_, values)| values.last())
            .map_or("", String::as_str)
    }

    /// The longest text of 20 octets or more, for the page of a refusal; never a password or a code.
    pub(super) fn words(&self) -> String {
        self.0
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), TOKEN | "next"))
            .filter(|(name, _)| !SECRETS.contains(&name.as_str()))
            .flat_map(|(_, values)| values)
            .max_by_key(|words| words.len())
            .filter(|words| words.len() >= 20)
            .map(|words| control_characters::without_controls(words))
            .unwrap_or_default()
    }

    pub(super) fn check_text(&self) -> Result<(), Problem> {
        for (name, values) in &self.0 {
            let found = control_characters::control(name, Lines::One);
            let mut each = values.iter();
            let found = found
                .or_else(|| each.find_map(|value| control_characters::control(value, Lines::Many)));
            if let Some(character) = found {
                let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let place = match name.len() <= 40 && name.chars().all(is_word) {
                    true => format!("the field {name}"),
                    false => "a field".to_owned(),
                };
                return Err(control_characters::refused(&place, character));
            }
        }
        Ok(())
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        value::read(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::id::StaffId;
    use crate::staff::StaffRole;
    use crate::web::problem::Kind;

    #[derive(Deserialize, Default, Debug, PartialEq)]
    #[serde(default)]
    struct Sample {
        text: String,
        version: i32,
        harm: bool,
        then: Option<StaffRole>,
        who: Option<StaffId>,
        key: Vec<String>,
    }

    fn read(body: &str) -> Result<Sample, Problem> {
        Fields::parse(body.as_bytes()).read()
    }

    #[test]
    fn a_form_is_read_as_its_fields_are_meant() {
        let id = "stf_00000000000070008000000000000001";
        let body =
            format!("csrf=x&text=a+%C3%A4%0D%0A&version=3&harm=yes&then=lead&who={id}&key=a&key=");
        let sample = read(&body).expect("readable");
        let expected = Sample {
            text: "a ä\r\n".to_owned(),
            version: 3,
            harm: true,
            then: Some(StaffRole::Lead),
            who: id.parse().ok(),
            key: vec!["a".to_owned(), String::new()],
        };
        assert_eq!(sample, expected);
        assert_eq!(read("then=&who=").expect("readable"), Sample::default());
    }

    #[test]
    fn a_field_of_the_wrong_kind_is_named() {
        for bad in ["version=many", "then=boss", "who=per_1"] {
            assert_eq!(
                read(bad).expect_err("refused").kind(),
                Kind::BadRequest,
                "{bad}"
            );
        }
    }

    /// The names of the fields of a template that take a password or a code.
    fn secrets_in(template: &str) -> Vec<String> {
        let fields = template.split("p::field(").skip(1);
        let fields = fields.map(|rest| rest.split("}}").next().unwrap_or_default());
        let signs = ["\"password\"", "one-time-code", "look = \"code\""];
        let secret = fields.filter(|field| signs.iter().any(|sign| field.contains(sign)));
        let name = |field: &str| field.split('"').nth(1).unwrap_or_default().to_owned();
        secret.map(name).collect()
    }

    /// All templates in a folder and in those below it.
    fn templates(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let files = std::fs::read_dir(folder).expect("a folder");
        let paths = files.map(|file| file.expect("a file").path());
        let each = paths.map(|path| match path.is_dir() {
            true => templates(&path),
            false => vec![path],
        });
        let is_template =
            |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "html");
        each.flatten().filter(is_template).collect()
    }

    #[test]
    fn no_page_repeats_what_any_template_asks_for_as_a_password_or_a_code() {
        let (mut found, mut plain) = (std::collections::BTreeSet::new(), Vec::new());
        for path in templates(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web").as_ref()) {
            let template = std::fs::read_to_string(&path).expect("a template");
            found.extend(secrets_in(&template));
            plain.extend(template.contains("type=\"password\"").then_some(path));
        }
        let listed: std::collections::BTreeSet<String> =
            SECRETS.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found, listed);
        assert!(plain.is_empty(), "a field outside of p::field: {plain:?}");
        for name in SECRETS {
            let body = format!("{name}=correct+horse+battery+staple");
            assert_eq!(Fields::parse(body.as_bytes()).words(), "", "{name}");
        }
    }

    #[test]
    fn the_longest_words_are_given_back_and_never_a_password() {
        let body = "csrf=long-long-long-long-long-long&password=long+long+long+long+long+long\
                    &text=This+is+what+I+wanted+to+ask";
        assert_eq!(
            Fields::parse(body.as_bytes()).words(),
            "This is what I wanted to ask"
        );
        assert_eq!(Fields::parse(b"text=short").words(), "");
    }
}
