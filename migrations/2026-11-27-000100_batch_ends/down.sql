alter table batch drop column ends;
