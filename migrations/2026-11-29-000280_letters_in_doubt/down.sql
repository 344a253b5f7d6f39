-- A word of an enum cannot be taken away; no row of an older program has it.
select;
