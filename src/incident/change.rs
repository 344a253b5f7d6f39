//! How the working fact sheet differs from what is public.

use super::Facts;

/// One fact that publishing would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its key.
    pub key: String,
    /// What is public now; `None`: the fact is new.
    pub before: Option<String>,
    /// What would be public; `None`: the fact is removed.
    pub after: Option<String>,
}

/// The facts that differ, in the order of their keys.
pub fn changes(before: &Facts, after: &Facts) -> Vec<Change> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let change = |key: &String| Change {
        key: key.clone(),
        before: before.get(key).cloned(),
        after: after.get(key).cloned(),
    };
    keys.into_iter()
        .map(change)
        .filter(|change| change.before != change.after)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_and_removed_facts_are_told_apart() {
        let sheet = |pairs: &[(&str, &str)]| -> Facts {
            let pair = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
            pairs.iter().map(pair).collect()
        };
        let before = sheet(&[("phone", "1"), ("what", "A"), ("same", "S")]);
        let after = sheet(&[("when", "now"), ("what", "B"), ("same", "S")]);
        let found: Vec<_> = changes(&before, &after)
            .into_iter()
            .map(|c| (c.key, c.before, c.after))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                ("phone".to_owned(), some("1"), None),
                ("what".to_owned(), some("A"), some("B")),
                ("when".to_owned(), None, some("now")),
            ]
        );
        assert_eq!(changes(&before, &before), []);
    }
}
