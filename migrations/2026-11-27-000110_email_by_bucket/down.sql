-- The first octet of each index is lost: the former release would find nobody by e-mail.
do $$ begin
    if exists (select from scope_version) then
        raise exception 'the former release cannot find people of these incidents by e-mail: restore a backup instead';
    end if;
end $$;
