-- What was believed of a person until a version changed it. Append-only; of the big family
-- (docs/architecture.md, "Beyond one machine").
create table person_past (
    bucket          int not null,
    person_id       uuid not null,
    until_scope     int not null,
    incident_id     uuid not null,
    exposed         bigint not null,
    locale          text not null,
    jurisdiction    text not null,
    flags           int not null,
    standing        person_standing not null,
    contact_changed boolean not null,
    primary key (bucket, person_id, until_scope)
);
