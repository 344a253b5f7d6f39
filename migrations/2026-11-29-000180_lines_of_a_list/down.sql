alter table scope_version
    drop column lines,
    drop column header_lines,
    drop column blank_lines,
    drop column continued_lines,
    drop column ends_open;
