-- One-time codes that Twilio Verify makes, sends and checks: that a start leaves is written down before it does.

create table verifications (
    id              uuid primary key,
    tenant          text not null,
    idempotency_key text not null,
    fingerprint     bytea not null,              -- a keyed hash of number and channel: neither is kept
    channel         text not null,
    state           text not null check (state in (
                        'leaving', 'pending', 'refused', 'not_sent', 'unconfirmed', 'approved', 'gone')),
    attempts        smallint not null default 1, -- tells one start that was certainly not sent from the next
    leaving_at      timestamptz not null,
    sid             text,                        -- Twilio's, when its answer has come
    explanation     text,
    created_at      timestamptz not null,
    unique (tenant, idempotency_key)             -- a start leaves once
);

create index verifications_of_a_tenant on verifications (tenant, created_at desc);
