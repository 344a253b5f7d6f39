-- How many notices of each campaign a sender has on its connections: {"campaign": n}.
alter table sender add column sending jsonb not null default '{}';

-- Few attempts end so that it is not known whether the message arrived. Who was sent a later one may have two copies.
create index outcome_uncertain on outcome (campaign_id) where result = 'uncertain';
