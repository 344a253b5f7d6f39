drop function copy_evidence, deployment_place;
drop table restored_gap, key_fingerprint, deployment;
