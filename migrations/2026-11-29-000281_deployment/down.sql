drop function copy_evidence();
drop function deployment_place();
drop table key_fingerprint;
drop table deployment;
