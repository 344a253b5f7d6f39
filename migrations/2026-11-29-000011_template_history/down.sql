drop trigger template_variant_of_a_campaign_stays on template_variant;
drop trigger template_variant_is_immutable on template_variant;
create trigger template_variant_is_immutable before update or delete on template_variant
    for each row execute function refuse_change();
drop function refuse_deletion_of_a_used_text();
