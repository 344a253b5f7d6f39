-- Recalls: a text that was sent and is wrong, and the correction that status pages show to the people who were sent it.

create type recall_status as enum ('proposed', 'published', 'withdrawn', 'discarded');

create table recall (
    id               uuid primary key,
    incident_id      uuid not null references incident,
    -- What staff named: a version of a template, words of a text, or both. The words stand in a text that was sent.
    template_id      uuid,
    template_version int,
    words            text,
    -- The public statement by language: {"en": "…"}.
    corrections      jsonb not null,
    status           recall_status not null,
    version          int not null default 1,
    proposed_by      uuid not null references staff,
    proposed_at      timestamptz not null,
    published_by     uuid references staff,
    published_at     timestamptz,
    -- Who withdrew or discarded it.
    ended_by         uuid references staff,
    ended_at         timestamptz,
    foreign key (template_id, template_version) references template_version,
    constraint template_with_its_version check ((template_id is null) = (template_version is null)),
    constraint names_a_template_or_words check (template_id is not null or words is not null),
    constraint published_by_another_person check (published_by <> proposed_by),
    constraint published_at_a_moment check ((published_by is null) = (published_at is null)),
    constraint published_with_its_publisher check ((status in ('published', 'withdrawn')) = (published_by is not null)),
    constraint ended_at_a_moment check ((ended_by is null) = (ended_at is null)),
    constraint ended_once_over check ((status in ('withdrawn', 'discarded')) = (ended_at is not null))
);
create index recall_of_incident on recall (incident_id, id);
-- Status pages and the dashboard read these; there are few.
create index recall_open on recall (incident_id) where status in ('proposed', 'published');

-- The wrong texts, as they were found when the recall was proposed: of each campaign the languages of the texts. `whole`: all
-- texts of the campaign are wrong, so that nothing depends on the language of a person.
create table recall_text (
    recall_id   uuid not null references recall,
    campaign_id uuid not null references campaign,
    locales     text[] not null,
    whole       boolean not null,
    primary key (recall_id, campaign_id),
    constraint some_text_is_wrong check (cardinality(locales) > 0)
);
