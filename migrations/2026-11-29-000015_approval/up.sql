-- E-mails to staff about campaigns, and what was approved.

alter type letter_kind add value if not exists 'campaign_news';
alter type letter_withheld add value if not exists 'account_disabled';

-- The member of staff who gets an e-mail of the kind `campaign_news`. The sender reads the account again before it
-- sends the e-mail.
alter table outbox add column staff_id uuid references staff;
-- Compared as text: this transaction added the word and must not use it.
alter table outbox add constraint only_news_goes_to_staff
    check (((kind::text) = 'campaign_news') = (staff_id is not null));

-- Each content that was approved, with its latest approval. A later approver compares with it.
create table campaign_approval (
    campaign_id  uuid not null references campaign,
    content_hash bytea not null,
    content      text not null,
    approved_by  uuid not null references staff,
    approved_at  timestamptz not null,
    -- When the author and the approver were told that this approval is void.
    void_told_at timestamptz,
    primary key (campaign_id, content_hash)
);

insert into campaign_approval (campaign_id, content_hash, content, approved_by, approved_at)
    select id, approved_hash, content, approved_by, approved_at from campaign
    where approved_hash is not null and approved_by is not null and approved_at is not null and content is not null;
