-- A template that no campaign ever used can be deleted, with all of its versions. What a campaign used stays as it is.

create function refuse_deletion_of_a_used_text() returns trigger language plpgsql as $$
begin
    if exists (select from campaign c where c.template_id = old.template_id) then
        raise exception 'a campaign uses this template' using errcode = 'restrict_violation';
    end if;
    return old;
end $$;

drop trigger template_variant_is_immutable on template_variant;
create trigger template_variant_is_immutable before update on template_variant
    for each row execute function refuse_change();
create trigger template_variant_of_a_campaign_stays before delete on template_variant
    for each row execute function refuse_deletion_of_a_used_text();
