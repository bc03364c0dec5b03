-- What is not needed any more goes: contents and plans first, then numbers, and what people wrote to us.

-- 0: everything is there. 1: content, plan or payload has gone. 2: the number has too.
alter table messages
    add column forgotten smallint not null default 0 check (forgotten between 0 and 2);

alter table inbound_messages
    add column forgotten smallint not null default 0 check (forgotten between 0 and 2),
    alter column payload drop not null;          -- the row stays, so that reconciliation does not bring it back

-- Only ended messages are in it: a message enters it once, at its end, and not with every status.
create index messages_to_forget on messages (tenant, forgotten, status_at)
    where forgotten < 2
      and (status in ('rejected', 'expired', 'canceled', 'undelivered', 'failed', 'suppressed', 'delivered', 'read')
           or (given_up_at is not null and status <> 'unconfirmed'));

create index inbound_messages_to_forget on inbound_messages (tenant, forgotten, received_at) where forgotten < 2;

-- The key, sealed, with which a tenant's numbers are hashed when they go. It outlives the keys that seal it.
create table pseudonym_keys (
    tenant     text primary key,
    sealed     bytea not null,
    created_at timestamptz not null
);
