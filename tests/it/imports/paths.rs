//! The source files, and the paths of the crate that each names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Source files by module path: `campaign/store`, `campaign` for its mod.rs.
pub(super) fn sources() -> BTreeMap<String, String> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("src is readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&src, &mut found);
    let name = |path: &Path| {
        let file = path
            .strip_prefix(&src)
            .expect("below src")
            .with_extension("");
        let file = file.to_string_lossy().replace('\\', "/");
        file.strip_suffix("/mod")
            .map_or(file.clone(), str::to_owned)
    };
    found
        .iter()
        .map(|path| (name(path), fs::read_to_string(path).expect("UTF-8")))
        .collect()
}

/// The source without comments and without its tests, which may import what they like.
pub(super) fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Expands `a::{b, c::{d, e}}` to `a::b`, `a::c::d`, `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        return vec![tree.split(" as ").next().unwrap_or(tree).trim().to_owned()];
    };
    let head = &tree[..open];
    let body = tree[open + 1..].trim_end().trim_end_matches('}');
    // The last brace closes this group; inner groups keep theirs.
    let body = &tree[open + 1..tree.rfind('}').unwrap_or(open + 1 + body.len())];
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in body.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&body[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&body[start..]);
    parts
        .into_iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(expand)
        .map(|part| format!("{head}{part}"))
        .collect()
}

/// Every path of the crate that a file names, as `a::b::c`.
pub(super) fn paths(file: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let mut named = Vec::new();
    for statement in code.split("use ").skip(1) {
        let tree = statement.split(';').next().unwrap_or("");
        if !["crate::", "super::"]
            .iter()
            .any(|start| tree.trim_start().starts_with(start))
        {
            continue;
        }
        named.extend(expand(
            &tree.split_whitespace().collect::<Vec<_>>().join(" "),
        ));
    }
    for inline in code.split("crate::").skip(1) {
        let end = inline
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
            .unwrap_or(inline.len());
        named.push(format!("crate::{}", &inline[..end]));
    }
    named
        .into_iter()
        .filter_map(|path| absolute(file, &path))
        .collect()
}

fn absolute(file: &str, path: &str) -> Option<String> {
    if let Some(rest) = path.strip_prefix("crate::") {
        return Some(rest.to_owned());
    }
    let mut at: Vec<&str> = file.split('/').collect();
    let mut rest = path;
    while let Some(inner) = rest.strip_prefix("super::") {
        at.pop()?;
        rest = inner;
    }
    Some(at.into_iter().chain([rest]).collect::<Vec<_>>().join("::"))
}

/// The file that a path leads to.
pub(super) fn target<'s>(path: &str, sources: &'s BTreeMap<String, String>) -> Option<&'s str> {
    let path = path.replace("pg_enum", "db::enums");
    let parts: Vec<&str> = path.split("::").collect();
    (1..=parts.len())
        .rev()
        .find_map(|n| sources.get_key_value(&parts[..n].join("/")))
        .map(|(file, _)| file.as_str())
}

#[test]
fn groups_of_imports_are_expanded() {
    assert_eq!(
        expand("crate::{a, b::{c, d as e}}"),
        ["crate::a", "crate::b::c", "crate::b::d"]
    );
    assert_eq!(absolute("a/b", "super::c::D").as_deref(), Some("a::c::D"));
}
