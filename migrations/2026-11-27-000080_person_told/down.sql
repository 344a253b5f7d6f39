drop view person_now;
update person p
set named = t.named, standing = t.standing, withheld = case when t.standing = 'withheld' then p.withheld end
from person_told t
where t.bucket = p.bucket and t.person_id = p.id;
drop table person_told;
