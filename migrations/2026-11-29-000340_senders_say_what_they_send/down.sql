drop index outcome_uncertain;
alter table sender drop column sending;
