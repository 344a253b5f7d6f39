-- Refused while a ticket is on hold for a sealed reason: it would have none.
drop trigger ticket_history_is_append_only on ticket_history;
create trigger ticket_history_is_append_only before update or delete on ticket_history
    for each row execute function refuse_change();
drop function guard_ticket_history();
create or replace function record_ticket_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' or new.status is distinct from old.status then
        insert into ticket_history (ticket_id, from_status, to_status, actor, reason, at) values (
            new.id,
            case when tg_op = 'UPDATE' then old.status end,
            new.status,
            coalesce(nullif(current_setting('candor.actor', true), ''), 'sql:' || current_user),
            nullif(current_setting('candor.reason', true), ''),
            coalesce(nullif(current_setting('candor.now', true), '')::timestamptz, clock_timestamp()));
    end if;
    return null;
end $$;
alter table campaign drop column reason_sealed;
drop index ticket_history_readable_reason;
alter table ticket_history drop column reason_sealed;
drop index ticket_readable_reason;
alter table ticket drop constraint on_hold_has_reason_and_review;
alter table ticket add constraint on_hold_has_reason_and_review
    check (status <> 'on_hold' or (reason is not null and review_at is not null));
alter table ticket drop column reason_sealed;
