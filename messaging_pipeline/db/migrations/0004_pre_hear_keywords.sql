-- What people who write to us mean: whom they wrote to, which keyword, what came of it, and what a person must look at.

alter table inbound_messages
    add column service  text,                            -- the service that was written to, where that is known
    add column keyword  text check (keyword in ('stop', 'start', 'help', 'custom')),
    add column word     text,                            -- the keyword's own word, without what is forgiven
    add column effect   text check (effect in ('withdrawn', 'granted', 'outdated')),
    add column answered boolean not null default false,  -- whether the webhook said something at once
    add column flag     text check (flag in ('wish_in_words', 'no_phone_number', 'no_service')),
    add column seen_at  timestamptz;                     -- when a person had looked at what was flagged

create index inbound_messages_flagged on inbound_messages (tenant, received_at)
    where flag is not null and seen_at is null;
