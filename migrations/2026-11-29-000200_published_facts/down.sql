alter table incident
    drop column published_by,
    drop column published_at,
    drop column published_facts,
    drop column published_title;
