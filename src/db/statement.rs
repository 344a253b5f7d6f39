//! Statements in SQL text that every connection parses once.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};

/// A statement as [`diesel::sql_query`] takes it, but kept by each connection once it was prepared there: for
/// what is asked many times a second, parsing costs as much as the answer. Its placeholders are bound in order.
pub fn statement(sql: &'static str) -> Statement {
    Statement(sql)
}

/// See [`statement`].
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing is asked before it is executed or loaded"]
pub struct Statement(&'static str);

/// A statement with one more value bound.
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing is asked before it is executed or loaded"]
pub struct Bound<S, V, ST> {
    statement: S,
    value: V,
    sql_type: PhantomData<ST>,
}

impl Statement {
    /// Binds `$1`.
    pub fn bind<ST, V>(self, value: V) -> Bound<Self, V, ST> {
        Bound {
            statement: self,
            value,
            sql_type: PhantomData,
        }
    }
}

impl<S, V, ST> Bound<S, V, ST> {
    /// Binds the next placeholder.
    pub fn bind<ST2, V2>(self, value: V2) -> Bound<Self, V2, ST2> {
        Bound {
            statement: self,
            value,
            sql_type: PhantomData,
        }
    }
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

impl<S, V, ST> QueryFragment<Pg> for Bound<S, V, ST>
where
    S: QueryFragment<Pg>,
    V: ToSql<ST, Pg>,
    Pg: HasSqlType<ST>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.statement.walk_ast(out.reborrow())?;
        // The placeholder stands in the text already.
        out.push_bind_param_value_only(&self.value)
    }
}

// Known by their text.
impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S, V, ST> QueryId for Bound<S, V, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<S, V, ST> Query for Bound<S, V, ST> {
    type SqlType = Untyped;
}
