drop table postal_try, postal_item, postal_batch;
drop type postal_status, postal_state, postal_kind;
