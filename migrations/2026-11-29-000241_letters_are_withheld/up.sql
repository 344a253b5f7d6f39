-- Not sent, because the person must not be written to any more.
alter type letter_status add value 'withheld';
