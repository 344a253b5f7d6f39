alter table ticket drop constraint only_calls_have_callers;
alter table ticket drop column caller_verified;
