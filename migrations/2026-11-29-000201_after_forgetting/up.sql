-- Nothing follows a forgotten incident. Until now one could be forgotten while a campaign was under way: such
-- campaigns can send nothing any more, and are ended here. Senders then settle their batches without the key.
update campaign c
set status = 'cancelled', ended_at = now(), version = c.version + 1,
    status_reason = 'its incident was forgotten'
from incident i
where i.id = c.incident_id and i.forgotten_at is not null and c.status not in ('completed', 'cancelled');

-- Letters of such incidents cannot be opened either.
update outbox o
set status = 'failed', sealed = null, settled_at = now(), lease_until = null,
    reply = 'its incident was forgotten before it was sent'
from incident i
where i.id = o.incident_id and i.forgotten_at is not null and o.status = 'queued';

-- Closing and forgetting count the open tickets of one incident.
create index ticket_open_of_incident on ticket (incident_id)
    where status in ('new', 'open', 'pending', 'on_hold');
