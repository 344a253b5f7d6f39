-- Templates: versions, each with a text for each language.

create table template (
    id         uuid primary key,
    name       text not null,
    created_by uuid not null references staff,
    created_at timestamptz not null,
    constraint template_name_is_taken unique (name)
);

create table template_version (
    template_id uuid not null references template,
    version     int not null check (version > 0),
    created_by  uuid not null references staff,
    created_at  timestamptz not null,
    -- The elements that the texts name by words, as bits. What `{{ elements }}` lists needs no declaration.
    names       bigint not null default 0,
    primary key (template_id, version)
);

create table template_variant (
    template_id uuid not null,
    version     int not null,
    locale      text not null,
    subject     text not null,
    body        text not null,
    primary key (template_id, version, locale),
    foreign key (template_id, version) references template_version
);
create trigger template_variant_is_immutable before update or delete on template_variant
    for each row execute function refuse_change();
