-- A one-time code belongs to the address it was sent to: `sent_to` is that address's key (`person.email_key`), and the
-- code is refused once the person has another. `letter_id` names its e-mail in `outbox`, so that the page can say
-- what became of it. Both are null in rows of before: their codes are refused and end within ten minutes.
alter table one_time_code
    add column sent_to   bytea,
    add column letter_id uuid;
