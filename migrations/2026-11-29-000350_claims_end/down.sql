alter table idempotency drop column claim, drop column claimed_until;
