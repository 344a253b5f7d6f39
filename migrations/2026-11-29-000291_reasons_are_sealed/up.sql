-- What staff type about people is sealed under the incident's key, also why a ticket is on hold and why a campaign is
-- paused. The readable columns stay for what the program itself says, and until a worker has sealed what an older
-- program wrote.
alter table ticket add column reason_sealed bytea;
alter table ticket drop constraint on_hold_has_reason_and_review;
alter table ticket add constraint on_hold_has_reason_and_review check (
    status <> 'on_hold' or ((reason is not null or reason_sealed is not null) and review_at is not null));
create index ticket_readable_reason on ticket (id) where reason is not null;
alter table ticket_history add column reason_sealed bytea;
create index ticket_history_readable_reason on ticket_history (id) where reason is not null;
alter table campaign add column reason_sealed bytea;

create or replace function record_ticket_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' or new.status is distinct from old.status then
        insert into ticket_history (ticket_id, from_status, to_status, actor, reason_sealed, at) values (
            new.id,
            case when tg_op = 'UPDATE' then old.status end,
            new.status,
            coalesce(nullif(current_setting('candor.actor', true), ''), 'sql:' || current_user),
            decode(nullif(current_setting('candor.reason_sealed', true), ''), 'hex'),
            coalesce(nullif(current_setting('candor.now', true), '')::timestamptz, clock_timestamp()));
    end if;
    return null;
end $$;

-- Append-only still, but for a readable reason that is replaced by the same one sealed, or erased.
create function guard_ticket_history() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.reason is not null and new.reason is null and old.reason_sealed is null
        and (new.id, new.ticket_id, new.from_status, new.to_status, new.actor, new.at)
            is not distinct from (old.id, old.ticket_id, old.from_status, old.to_status, old.actor, old.at) then
        return new;
    end if;
    raise exception 'ticket_history is append-only' using errcode = 'restrict_violation';
end $$;
drop trigger ticket_history_is_append_only on ticket_history;
create trigger ticket_history_is_append_only before update or delete on ticket_history
    for each row execute function guard_ticket_history();
