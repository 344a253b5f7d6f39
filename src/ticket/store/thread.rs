//! The messages of a ticket, each with the e-mail that carries it.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Bytea, Integer, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::row::opened;
use crate::db::schema::sql_types;
use crate::db::{Conn, Error, Result, statement};
use crate::outbox::{Delivery, LetterKind, LetterStatus, LetterWithheld};
use crate::seal::IncidentKey;
use crate::ticket::{Message, MessageKind, Ticket, message_owner};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    no: i32,
    #[diesel(sql_type = sql_types::MessageKind)]
    kind: MessageKind,
    #[diesel(sql_type = Text)]
    author: String,
    #[diesel(sql_type = Bytea)]
    sealed: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(embed)]
    letter: LetterRow,
}

/// The columns of the e-mail; all null without one.
#[derive(QueryableByName)]
struct LetterRow {
    #[diesel(sql_type = Nullable<sql_types::LetterKind>)]
    letter_kind: Option<LetterKind>,
    #[diesel(sql_type = Nullable<sql_types::LetterStatus>)]
    letter_status: Option<LetterStatus>,
    #[diesel(sql_type = Nullable<Text>)]
    reply: Option<String>,
    #[diesel(sql_type = Nullable<sql_types::LetterWithheld>)]
    withheld: Option<LetterWithheld>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    settled_at: Option<DateTime<Utc>>,
}

impl LetterRow {
    fn read(self, no: i32) -> Option<Delivery> {
        Some(Delivery {
            kind: self.letter_kind?,
            message_no: Some(no),
            status: self.letter_status?,
            reply: self.reply,
            withheld: self.withheld,
            reason: self.reason,
            settled_at: self.settled_at,
        })
    }
}

const THREAD: &str = "
    select m.no, m.kind, m.author, m.sealed, m.created_at, o.kind as letter_kind, o.status as letter_status, o.reply,
        o.withheld, o.reason, o.settled_at
    from ticket_message m
    left join lateral (
        select o.kind, o.status, o.reply, o.withheld, o.reason, o.settled_at from outbox o
        where o.ticket_id = m.ticket_id and o.message_no = m.no
        order by o.created_at, o.id limit 1) o on true
    where m.ticket_id = $1
    order by m.no";

/// The messages of a ticket, in order, each with the first e-mail that carries it. `key` is the one of the ticket's
/// incident; `None` once that was forgotten.
///
/// # Errors
/// `Inconsistent` for a message that does not open.
pub async fn thread_with_letters(
    conn: &mut Conn,
    key: Option<&IncidentKey>,
    of: &Ticket,
) -> Result<Vec<(Message, Option<Delivery>)>> {
    let rows: Vec<Row> = statement(THREAD).bind::<Uuid, _>(of.id).load(conn).await?;
    let read = |row: Row| {
        let no = row.no;
        let broken = || Error::inconsistent("ticket_message", format_args!("{} {no}", of.id));
        let open = |key| opened(key, &message_owner(of.id, no), &row.sealed).ok_or_else(broken);
        let message = Message {
            no,
            kind: row.kind,
            author: row.author,
            text: key.map(open).transpose()?,
            at: row.created_at,
        };
        Ok((message, row.letter.read(no)))
    };
    rows.into_iter().map(read).collect()
}
