-- Perhaps sent: it waited in a copy of the database, and nobody knows what was sent after the copy was taken.
alter type letter_status add value 'uncertain';
