-- The index of an e-mail address begins with the bucket of its person: so the index pages that a bucket writes lie
-- side by side. A later list put in force bucket by bucket fetched and wrote almost every page of it 64 times.
--
-- Web nodes of the former release find nobody by e-mail from here on: replace them in one go.
update scope_row set email_key = set_byte(email_key, 0, bucket) where email_key is not null;
-- Drafts of first lists wait outside of `person`: every such table, attached or not.
do $$
declare
    part text;
begin
    for part in select relname from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace
        and relname ~ '^person_[0-9a-f]{32}_[0-9]+$'
    loop
        execute format('update %I set email_key = set_byte(email_key, 0, bucket) where email_key is not null', part);
    end loop;
end $$;
