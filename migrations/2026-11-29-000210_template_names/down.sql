alter table template_version drop column names;
