-- What public pages show is published by an act: `facts` and `title` are the working sheet, that templates and
-- agents use. `published_title` may stand alone: it is pinned when a public incident that never published its
-- facts is given another title.
alter table incident
    add column published_title text,
    add column published_facts jsonb,
    add column published_at timestamptz,
    -- Null: by the migration, for incidents whose facts were public before publishing was an act.
    add column published_by uuid references staff,
    add constraint published_at_a_time check ((published_facts is null) = (published_at is null)),
    add constraint published_with_a_title check (published_facts is null or published_title is not null),
    add constraint published_by_whom_if_at_all check (published_by is null or published_at is not null);

update incident i
set published_title = title, published_facts = facts, published_at = now()
where state in ('notifying', 'monitoring', 'closed')
    or exists (select from incident_update u where u.incident_id = i.id)
    or exists (select from campaign c where c.incident_id = i.id and c.launched_at is not null);
