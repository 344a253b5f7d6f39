drop table template_variant, template_version, template;
