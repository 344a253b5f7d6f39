-- What came of attempts, minute by minute: what the page of a campaign draws. It moves in the transaction that
-- moves the states of their notices, so it is as exact as they are.
create table campaign_tally (
    campaign_id uuid not null references campaign,
    minute      timestamptz not null,
    relay       text not null,
    -- Who runs the mailboxes: a name of the configuration, or `other`.
    provider    text not null,
    result      attempt_result not null,
    -- 0 and empty where there was none.
    code        smallint not null,
    enhanced    text not null,
    reason      text not null,
    n           bigint not null,
    primary key (campaign_id, minute, relay, provider, result, code, enhanced, reason)
);

-- Attempts of before this table, whose providers are not known any more.
insert into campaign_tally
    select o.campaign_id, date_trunc('minute', o.at), o.relay, 'other', o.result, coalesce(o.code, 0),
        coalesce(o.enhanced, ''), coalesce(o.reason, ''), count(*)
    from outcome o join notice n on n.bucket = o.bucket and n.id = o.notice_id
    where o.settled and o.attempt <= n.attempts
    group by 1, 2, 3, 5, 6, 7, 8;

-- When the first slice had ended well.
alter table campaign_pace add column passed_at timestamptz;

-- The relays of a sender as it sees them.
alter table sender add column relays jsonb not null default '[]';
-- The campaigns of which a sender has notices in hand and can send them.
alter table sender add column campaigns uuid[] not null default '{}';
