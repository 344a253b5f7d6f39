//! Rules about the schema itself.

use std::collections::BTreeMap;

use crate::house::House;

/// The tables of the big family (docs/architecture.md, "Beyond one machine").
const FAMILY: [&str; 10] = [
    "person",
    "person_since",
    "person_past",
    "person_origin",
    "person_former",
    "scope_row",
    "notice",
    "outcome",
    "postal_item",
    "reference_list_entry",
];

/// The declarations in `src/db/schema.rs`: columns by table, with their diesel types.
fn declared() -> BTreeMap<String, Vec<(String, String)>> {
    let text = include_str!("../../../src/db/schema.rs");
    let mut tables = BTreeMap::new();
    let mut current: Option<(String, Vec<(String, String)>)> = None;
    for line in text.lines().map(str::trim) {
        if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            current
                .as_mut()
                .unwrap()
                .1
                .push((column.to_owned(), kind.to_owned()));
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            tables.extend(current.replace((name.to_owned(), Vec::new())));
        }
    }
    tables.extend(current);
    tables
}

fn diesel_type(udt: &str, nullable: bool) -> String {
    let (array, base) = udt
        .strip_prefix('_')
        .map_or((false, udt), |base| (true, base));
    let plain = match base {
        "uuid" => "Uuid".to_owned(),
        "text" => "Text".to_owned(),
        "timestamptz" => "Timestamptz".to_owned(),
        "date" => "Date".to_owned(),
        "bytea" => "Bytea".to_owned(),
        "int4" => "Int4".to_owned(),
        "int8" => "Int8".to_owned(),
        "int2" => "Int2".to_owned(),
        "bool" => "Bool".to_owned(),
        "jsonb" => "Jsonb".to_owned(),
        own => {
            let camel = own
                .split('_')
                .map(|word| word[..1].to_uppercase() + &word[1..])
                .collect::<String>();
            format!("sql_types::{camel}")
        }
    };
    let plain = if array {
        format!("Array<{plain}>")
    } else {
        plain
    };
    if nullable {
        format!("Nullable<{plain}>")
    } else {
        plain
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_and_the_migrations_know_the_same_tables() {
    let house = House::new().await;
    let rows = house
        .raw()
        .await
        .query(
            // The catalogue reports every column of a view as nullable. For `person_now` the table `person` tells;
            // `reachable` and `has_address` are never null.
            "select c.table_name::text, c.column_name::text, c.udt_name::text, \
                 coalesce(p.is_nullable, c.is_nullable) = 'YES' and c.column_name not in ('reachable', 'has_address') \
             from information_schema.columns c \
             left join information_schema.columns p on c.table_name = 'person_now' \
                 and p.table_schema = c.table_schema and p.table_name = 'person' \
                 and p.column_name = c.column_name \
             where c.table_schema = current_schema() and c.table_name <> '__diesel_schema_migrations' \
             order by c.table_name, c.ordinal_position",
            &[],
        )
        .await
        .unwrap();
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in rows {
        let kind = diesel_type(row.get(2), row.get(3));
        found
            .entry(row.get(0))
            .or_default()
            .push((row.get(1), kind));
    }
    assert_eq!(found, declared());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_big_family_keeps_its_rules() {
    let house = House::new().await;
    let raw = house.raw().await;
    for table in FAMILY {
        let broken: i64 = raw
            .query_one(
                "select (select count(*) from pg_index i \
                         where i.indrelid = $1::text::regclass and i.indisunique \
                           and not exists (select from pg_attribute a where a.attrelid = i.indrelid \
                                           and a.attnum = any(i.indkey) and a.attname = 'bucket')) \
                      + (select count(*) from pg_constraint where contype = 'f' \
                         and ($1::text::regclass in (conrelid, confrelid))) \
                      + (select count(*) from pg_trigger where tgrelid = $1::text::regclass and not tgisinternal) \
                      + (select count(*) from pg_attribute where attrelid = $1::text::regclass and attnum > 0 \
                         and (attidentity <> '' or attgenerated <> ''))",
                &[&table],
            )
            .await
            .unwrap()
            .get(0);
        assert_eq!(
            broken, 0,
            "{table}: every unique key needs the bucket; no foreign key, trigger, identity"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_migration_can_be_taken_back() {
    let house = House::new().await;
    let mut downs: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("down.sql"))
        .filter(|path| path.exists())
        .collect();
    downs.sort();
    for down in downs.into_iter().rev() {
        house.sql(&std::fs::read_to_string(down).unwrap()).await;
    }
    let left = house
        .number(
            "select count(*) from information_schema.tables where table_schema = current_schema() \
             and table_name <> '__diesel_schema_migrations'",
        )
        .await;
    assert_eq!(left, 0);
}
