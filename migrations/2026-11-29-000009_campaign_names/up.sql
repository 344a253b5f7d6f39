-- Names, copies, schedules and test messages of campaigns.

alter table campaign
    -- What staff call it. Null in a row that an older program inserts: the program then makes a name of kind and day.
    add column name text,
    -- The campaign that it was copied from.
    add column copied_from uuid references campaign,
    -- When it is launched by the clock, the IANA zone in which staff chose the time, and who chose it. They stay after
    -- the launch, so that a page can say when it was due.
    add column scheduled_for timestamptz,
    add column scheduled_zone text,
    add column scheduled_by uuid references staff;
update campaign set name = case kind
        when 'initial' then 'Initial notice of '
        when 'supplement' then 'Supplement of '
        when 'correction' then 'Correction of '
    end || to_char(created_at at time zone 'UTC', 'FMDD FMMonth');
alter table campaign
    add constraint name_is_one_short_line check (
        char_length(name) between 1 and 80 and name = btrim(name) and name !~ '[\u0001-\u001f\u007f-\u009f]'),
    add constraint schedule_is_whole check (
        (scheduled_for is null) = (scheduled_zone is null) and (scheduled_for is null) = (scheduled_by is null)),
    add constraint scheduled_for_a_time check (status <> 'scheduled' or scheduled_for is not null),
    add constraint no_time_before_the_schedule check (
        scheduled_for is null or status not in ('draft', 'in_review', 'approved'));
create index campaign_due on campaign (scheduled_for) where status = 'scheduled';

-- A test message: what staff sent to themselves and to colleagues to look at. It is a message of the outbox, and no
-- notice: Candor counts no person as told by it.
create table campaign_test (
    letter_id   uuid primary key references outbox,
    campaign_id uuid not null references campaign,
    -- The account that gets it.
    staff_id    uuid not null references staff,
    locale      text not null,
    sent_by     uuid not null references staff,
    created_at  timestamptz not null
);
create index campaign_test_of_campaign on campaign_test (campaign_id, created_at desc);
