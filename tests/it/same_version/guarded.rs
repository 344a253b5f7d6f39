//! What a guarded statement did is never a bool or a number that a caller can drop: it is `db::Guarded`, which the compiler
//! does not let go unread.

use std::fs;
use std::path::{Path, PathBuf};

const WRITES: [&str; 6] = [
    "diesel::update(",
    "diesel::delete(",
    "insert_into(",
    "\"update ",
    "\"delete ",
    "\"insert ",
];

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false if path.extension().is_some_and(|end| end == "rs") => found.push(path),
            false => {}
        }
    }
}

/// The functions of a source that write rows and return a bool.
fn loose(source: &str) -> Vec<&str> {
    let functions = source.split("async fn ").skip(1);
    functions
        .filter(|function| {
            let (head, body) = function.split_once('{').unwrap_or((function, ""));
            let gives = head.contains("Result<bool>");
            gives && WRITES.iter().any(|write| body.contains(write))
        })
        .map(|function| function.split('(').next().unwrap_or_default())
        .collect()
}

#[test]
fn no_statement_that_writes_returns_a_bool() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&src, &mut found);
    assert!(found.len() > 100, "the source is here");
    for file in found {
        let source = fs::read_to_string(&file).unwrap();
        assert_eq!(loose(&source), [""; 0], "{}", file.display());
    }
}

#[test]
fn a_bool_of_an_update_is_found() {
    let source = "async fn set(conn: &mut Conn) -> Result<bool> { diesel::update(row) }\n\
        async fn is_set(conn: &mut Conn) -> Result<bool> { row.first(conn) }";
    assert_eq!(loose(source), ["set"]);
}
