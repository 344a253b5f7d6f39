-- The physical lines of a list: lines = header_lines + accepted + rejected + continued_lines + blank_lines. Versions
-- of before this have none.
alter table scope_version
    add column lines bigint,
    add column header_lines bigint,
    add column blank_lines bigint,
    -- Second and later lines of rows whose cells have line breaks.
    add column continued_lines bigint,
    -- Whether the last line had no line break.
    add column ends_open boolean,
    add constraint lines_are_counted_together
        check (num_nulls(lines, header_lines, blank_lines, continued_lines, ends_open) in (0, 5));
