-- Whether the caller of a logged call was verified. Null: the ticket is no call, or an older program logged it.
alter table ticket add column caller_verified boolean;
alter table ticket add constraint only_calls_have_callers
    check (caller_verified is null or channel = 'phone') not valid;
