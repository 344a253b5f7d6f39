alter table one_time_code drop column counted_from, drop column counted;
