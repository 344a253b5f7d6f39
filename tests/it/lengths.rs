//! No file is longer than 400 lines, no handler longer than 40. `clippy::too_many_lines` sees to functions: its limit,
//! 60, stands in clippy.toml.

use std::fs;
use std::path::{Path, PathBuf};

const FILE: usize = 400;
const HANDLER: usize = 40;
/// What people write and maintain.
const FOLDERS: [&str; 4] = ["src", "tests", "benches", "script"];
/// Kinds of files that are code; a file of `script` may have no kind.
const KINDS: [&str; 7] = ["rs", "css", "js", "mjs", "py", "sh", "html"];
/// Diesel writes it from the migrations; its length is that of the database (docs/architecture.md).
const GENERATED: &str = "src/db/schema.rs";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The code below a folder, by its path from the root.
fn code_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root().join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = folder.join(entry.file_name());
        let kind = path.extension().and_then(|kind| kind.to_str());
        if entry.file_type().expect("a kind").is_dir() {
            if !path.ends_with("node_modules") {
                code_below(&path, found);
            }
        } else if kind.map_or(path.starts_with("script"), |kind| KINDS.contains(&kind)) {
            found.push(path);
        }
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(root().join(path)).expect("UTF-8")
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let mut files = Vec::new();
    for folder in FOLDERS {
        code_below(Path::new(folder), &mut files);
    }
    assert!(files.len() > 800, "only {} files were found", files.len());
    let long: Vec<_> = files
        .iter()
        .filter(|path| !path.ends_with(GENERATED))
        .map(|path| (path, text(path).lines().count()))
        .filter(|(_, lines)| *lines > FILE)
        .collect();
    assert!(long.is_empty(), "split these by idea: {long:#?}");
}

/// The handlers that the tables of routes name, as `module::handler`.
fn handlers(tables: &str) -> Vec<&str> {
    let routes = tables.lines().map(str::trim).filter(|line| {
        let methods = ["get(\"", "post(\"", "patch(\""];
        methods.iter().any(|method| line.starts_with(method))
    });
    routes
        .filter_map(|route| route.trim_end_matches("),").rsplit(", ").next())
        .collect()
}

/// The files that may have a handler of this module.
fn files_of(module: &[&str]) -> Vec<PathBuf> {
    let module = module.join("/");
    let mut files = Vec::new();
    for part in ["", "api/", "console/", "public/"] {
        let file = PathBuf::from(format!("src/web/{part}{module}"));
        files.push(file.with_extension("rs"));
        files.push(file.join("mod.rs"));
    }
    files.retain(|file| root().join(file).exists());
    files
}

/// How many lines a function of a module has, from its name to its last brace.
fn length(source: &str, name: &str) -> Option<usize> {
    let mut lines = source.lines().skip_while(|line| {
        let named = line.split_once("fn ").filter(|(before, _)| {
            before.is_empty() || before.starts_with("pub") || before.starts_with("async")
        });
        let named = named.and_then(|(_, rest)| rest.strip_prefix(name));
        !named.is_some_and(|rest| rest.starts_with(['(', '<']))
    });
    lines.position(|line| line == "}").map(|last| last + 1)
}

#[test]
fn no_handler_is_longer_than_40_lines() {
    let tables = text(Path::new("src/web/mod.rs"));
    let handlers = handlers(&tables);
    assert!(handlers.len() > 150, "only {} were read", handlers.len());
    let mut long = Vec::new();
    for handler in handlers {
        let mut module: Vec<_> = handler.split("::").collect();
        let name = module.pop().expect("a name");
        let files = files_of(&module);
        let lengths: Vec<_> = files
            .iter()
            .filter_map(|file| length(&text(file), name))
            .collect();
        assert!(!lengths.is_empty(), "{handler} is in none of {files:?}");
        long.extend(
            lengths
                .iter()
                .filter(|lines| **lines > HANDLER)
                .map(|lines| (handler, *lines)),
        );
    }
    assert!(long.is_empty(), "make steps of these: {long:#?}");
}

#[test]
fn the_length_of_a_function_is_that_of_its_lines() {
    let source = "//! A module.\n\npub async fn show(\n    of: Id,\n) -> Page {\n    {\n    }\n}\n\nfn shown() {\n}\n";
    assert_eq!(length(source, "show"), Some(6));
    assert_eq!(length(source, "shown"), Some(2));
    assert_eq!(length(source, "sho"), None);
    let tables =
        "    vec![\n        get(\"/a\", May(See), a::b::show),\n        post(\"\", Link, c::d),\n";
    assert_eq!(handlers(tables), ["a::b::show", "c::d"]);
}
