-- How many notices of each campaign a sender has on its connections: {"campaign": n}.
alter table sender add column sending jsonb not null default '{}';

-- Attempts of which nobody knows how they ended are few. Who got a later attempt may have two copies.
create index outcome_uncertain on outcome (campaign_id) where result = 'uncertain';
