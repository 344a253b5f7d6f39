-- The same rules, with each word of the enum a constant. A cast from text to an enum is only stable, so Postgres did not inline
-- these functions, and ran a whole executor for each person.
create or replace function standing_of(in_scope boolean, told told_by, owes boolean, flags integer, reachable boolean)
returns person_standing language sql immutable parallel safe as $$
    select case
        when not in_scope then 'retracted'::person_standing
        when told is not null and not owes or told is not null and flags & 26 = 0 and reachable then
            case told
                when 'email' then 'notified'::person_standing
                when 'post' then 'notified_by_post'::person_standing
                else 'notified_otherwise'::person_standing
            end
        when flags & 26 <> 0 then 'withheld'::person_standing
        when not reachable then 'needs_letter'::person_standing
        else 'in_progress'::person_standing
    end
$$;

create or replace function withheld_reason_of(flags integer)
returns withheld_reason language sql immutable parallel safe as $$
    select case
        when flags & 16 <> 0 then 'legal_hold'::withheld_reason
        when flags & 8 <> 0 then 'protected_address'::withheld_reason
        when flags & 2 <> 0 then 'deceased'::withheld_reason
    end
$$;

create or replace function correction_due_of(retracted boolean, exposed bigint, named bigint, flags integer, reachable boolean)
returns correction_due language sql immutable parallel safe as $$
    select case
        when case when retracted then named else named & ~exposed end = 0 then 'none'::correction_due
        when flags & 26 <> 0 then 'withheld'::correction_due
        when reachable then 'email'::correction_due
        else 'letter'::correction_due
    end
$$;
