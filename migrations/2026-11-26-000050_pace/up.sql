-- What the program itself decides about a campaign under way: its first slice, and how fast it may go.

create type canary_state as enum ('none', 'running', 'passed');

create table campaign_pace (
    campaign_id uuid primary key references campaign,
    canary      canary_state not null,
    -- Notices that are still to be frozen into the first slice.
    canary_left int not null,
    -- Of its rate: 100 unless something slows it, 0 holds it.
    percent     smallint not null default 100,
    -- Why it goes slower, a sentence.
    reason      text,
    constraint percent_of_the_rate check (percent between 0 and 100),
    constraint slowed_with_a_reason check ((percent < 100) = (reason is not null)),
    constraint canary_left_while_running check (canary_left >= 0 and (canary = 'running' or canary_left = 0))
);
insert into campaign_pace (campaign_id, canary, canary_left)
    select id, 'none', 0 from campaign where launched_at is not null;

-- The batches of the first slice. The others wait until it has ended well.
alter table batch add column canary boolean not null default false;
