-- Files that people send, and their copies in the tenant's own storage.

create table inbound_media (
    tenant       text not null,
    sid          text not null,                  -- the inbound message's MessageSid
    number       smallint not null check (number between 0 and 9),
    state        text not null check (state in (
                     'waiting', 'claimed', 'copied', 'refused', 'failed', 'erasing', 'erased')),
    due_at       timestamptz not null,
    lease_until  timestamptz,
    attempts     integer not null default 0,
    store        text,                           -- where the last attempt was to put it
    content_type text,
    size_bytes   bigint,
    explanation  text,
    received_at  timestamptz not null,
    finished_at  timestamptz,
    primary key (tenant, sid, number),           -- a file is copied once, however often its message is delivered
    constraint inbound_media_are_leased_while_in_hand check ((state = 'claimed') = (lease_until is not null))
);

create index inbound_media_due on inbound_media (due_at) where state in ('waiting', 'erasing');
create index inbound_media_leased on inbound_media (lease_until) where state = 'claimed';
