alter table person reset (fillfactor);
alter table notice reset (fillfactor);
