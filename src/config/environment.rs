//! Settings from the environment.

use toml::{Table, Value};

use super::{ConfigError, bad};

const PREFIX: &str = "CANDOR__";

/// Lays one variable of the environment on `table`. Variables that are not ours are passed over; one that looks like
/// a setting and is none is an error that says how to write it.
///
/// # Errors
/// [`ConfigError`] naming the key.
pub(super) fn lay(table: &mut Table, name: &str, value: Option<&str>) -> Result<(), ConfigError> {
    if let Some(path) = name.strip_prefix(PREFIX) {
        let path = path.to_lowercase();
        let value = value.ok_or_else(|| bad(&path.replace("__", "."), "is not UTF-8"))?;
        return set(table, &path, value);
    }
    match meant(table, name) {
        None => Ok(()),
        Some(meant) => Err(bad(
            name,
            format!("this variable of the environment is not read. Write {meant}, or remove it"),
        )),
    }
}

/// The variable that was meant by one with another number of underscores or without its section.
fn meant(table: &Table, name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let words = upper.strip_prefix("CANDOR_")?;
    let squeezed = |text: &str| text.replace('_', "").to_lowercase();
    let sections = table
        .iter()
        .filter_map(|(section, keys)| Some((section, keys.as_table()?)));
    for (section, keys) in sections {
        for key in keys.keys() {
            let whole = squeezed(&format!("{section}{key}"));
            if squeezed(words) == whole || squeezed(words) == squeezed(key) {
                let (section, key) = (section.to_uppercase(), key.to_uppercase());
                return Some(format!("{PREFIX}{section}__{key}"));
            }
        }
        let is_of_section = words.to_lowercase().starts_with(&format!("{section}_"));
        if is_of_section && !is_service_link(&upper) {
            let section = section.to_uppercase();
            return Some(format!(
                "{PREFIX}{section}__KEY with a key of config/default.toml"
            ));
        }
    }
    None
}

/// Whether Kubernetes sets a variable of this form for a service, such as `CANDOR_DATABASE_SERVICE_HOST` for
/// `candor-database`.
fn is_service_link(name: &str) -> bool {
    name.ends_with("_PORT") || name.contains("_PORT_") || name.contains("_SERVICE_")
}

/// Sets `section__key` to a word, read as the type of its default.
fn set(table: &mut Table, path: &str, word: &str) -> Result<(), ConfigError> {
    let dotted = path.replace("__", ".");
    let Some((section, key)) = path.split_once("__") else {
        return Err(bad(
            &dotted,
            "the environment names keys as CANDOR__SECTION__KEY",
        ));
    };
    let Some(Value::Table(section)) = table.get_mut(section) else {
        return Err(bad(&dotted, "there is no such section"));
    };
    let value = match section.get(key) {
        None => return Err(bad(&dotted, "there is no such key")),
        Some(Value::Integer(_)) => word
            .parse()
            .map(Value::Integer)
            .map_err(|_| bad(&dotted, "must be a number"))?,
        Some(Value::Boolean(_)) => word
            .parse()
            .map(Value::Boolean)
            .map_err(|_| bad(&dotted, "must be true or false"))?,
        Some(Value::Array(_)) => list(word).ok_or_else(|| bad(&dotted, "must be a TOML list"))?,
        Some(_) => Value::String(word.to_owned()),
    };
    section.insert(key.to_owned(), value);
    Ok(())
}

fn list(word: &str) -> Option<Value> {
    format!("list = {word}")
        .parse::<Table>()
        .ok()?
        .remove("list")
        .filter(Value::is_array)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn refusal(name: &str) -> Option<String> {
        let env = [(name.to_owned(), "x".to_owned())];
        Config::from_parts(None, env)
            .err()
            .map(|why| why.to_string())
    }

    #[test]
    fn a_variable_that_looks_like_a_setting_is_not_passed_over() {
        for (name, meant) in [
            ("CANDOR_HTTP_LISTEN", "CANDOR__HTTP__LISTEN"),
            ("CANDOR_HTTP__LISTEN", "CANDOR__HTTP__LISTEN"),
            ("CANDOR___HTTP__LISTEN", "there is no such section"),
            ("CANDOR_DATABASE_URL", "CANDOR__DATABASE__URL"),
            ("CANDOR_PUBLIC_URL", "CANDOR__HTTP__PUBLIC_URL"),
            ("candor_http_listen", "CANDOR__HTTP__LISTEN"),
            ("CANDOR_MAIL_RELAY", "CANDOR__MAIL__KEY"),
        ] {
            let why = refusal(name).unwrap_or_else(|| panic!("{name} was passed over"));
            assert!(why.contains(meant), "{name}: {why}");
        }
        for name in [
            "CANDOR_TEST_DATABASE_URL",
            "CANDOR_STORM",
            "CANDOR_PG_BIN",
            "CANDOR_DATABASE_SERVICE_HOST",
            "CANDOR_DATABASE_PORT_5432_TCP_ADDR",
            "CANDOR_HTTP_PORT",
            "PATH",
        ] {
            assert_eq!(refusal(name), None, "{name}");
        }
    }
}
