-- Claims: what is known of an incident, one by one. `incident.facts` stays what templates, pages and older nodes read: it
-- is computed from the claims. The text of the claim `what_happened` in Arabic has the key `what_happened_ar` there.

create table claim_version (
    incident_id      uuid not null references incident,
    key              text not null,
    -- The version of the incident that this version of the claim was written with: a claim has at most one in each.
    incident_version int not null,
    state            update_kind not null,
    -- The texts by locale. A claim that was removed has none.
    texts            jsonb not null,
    -- Both are missing for facts that are older than this table.
    written_by       uuid references staff,
    written_at       timestamptz,
    primary key (incident_id, key, incident_version),
    constraint texts_are_an_object check (jsonb_typeof(texts) = 'object'),
    constraint written_by_an_account_at_a_time check ((written_by is null) = (written_at is null))
);
create index on claim_version (incident_id, incident_version desc);
create trigger claim_version_is_append_only before update or delete on claim_version
    for each row execute function refuse_change();

-- Facts that are there already become the first versions. `KEY_ar` is the Arabic text of KEY if there is a fact KEY.
insert into claim_version (incident_id, key, incident_version, state, texts)
select f.incident_id, f.claim, f.version, 'known', jsonb_object_agg(f.locale, f.text)
from (
    select i.id as incident_id, i.version, t.value as text,
        case when b.is_translation then left(t.key, -3) else t.key end as claim,
        case when b.is_translation then right(t.key, 2) else 'en' end as locale
    from incident i
    cross join lateral jsonb_each_text(i.facts) t
    cross join lateral (
        select t.key ~ '._(es|fr|de|vi|zh|ko|ru|ar)$' and i.facts ? left(t.key, -3) as is_translation) b
) f
group by f.incident_id, f.claim, f.version;

-- What is public of each claim beside its text: its state, its languages, and what was said before it was corrected.
-- Missing for incidents that published their facts before there were claims.
alter table incident add column published_claims jsonb;
alter table incident add constraint claims_are_public_with_facts
    check (published_claims is null or published_facts is not null);
