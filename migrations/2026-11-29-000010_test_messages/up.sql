-- A test of a campaign's text, to staff. Postgres does not let the transaction that adds a word use it.
alter type letter_kind add value 'test';
