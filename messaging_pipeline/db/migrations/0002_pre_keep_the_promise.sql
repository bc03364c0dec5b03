-- What keeps the promise when things go wrong: retries, order, doubt, reconciliation, holds, consent, caps.

alter table messages
    add column retries     smallint not null default 0,  -- tries spent of the budget; waiting for one's turn spends none
    add column live_from   smallint not null default 1,  -- attempts before this one are superseded: only an arrival is news
    add column sequence    text,                         -- parts of one conversation, which leave in order
    add column position    bigint,                       -- where in that order
    add column waits_for   uuid,                         -- the part before this one, until it has left
    add column check_at    timestamptz,                  -- when Twilio is asked, should nothing be heard before
    add column checks      smallint not null default 0,  -- how often it was asked since it last told anything new
    add column given_up_at timestamptz;                  -- when we stopped asking; the status is the last one heard

-- Workers of the version before still find their rows without the old index, only more slowly.
create index messages_to_claim on messages (service, priority, due_at, id)
    where status = 'pending' and waits_for is null;
drop index messages_due;

create index messages_waiting_for on messages (waits_for) where waits_for is not null;
create sequence message_positions;
create index messages_in_sequence on messages (service, sequence, position desc)
    where sequence is not null and status in ('pending', 'claimed', 'unconfirmed');
create index messages_to_check on messages (check_at) where check_at is not null;
create index messages_in_doubt on messages (tenant, to_number) where status = 'unconfirmed';

create unique index attempts_by_sid on attempts (sid) where sid is not null;
create index attempts_by_start on attempts (started_at);
create index attempts_in_doubt on attempts (started_at) where outcome = 'unconfirmed';

alter table message_events
    add column attempt    smallint,                      -- which attempt it is about, where that is known
    add column superseded boolean not null default false, -- it is about an attempt that another one has replaced
    drop constraint message_events_source_check,
    add constraint message_events_source_check
        check (source in ('accept', 'deliver', 'callback', 'reconcile', 'policy', 'sweep', 'operator'));

-- Twilio tells us the same thing more than once, by callback or when asked; the second time is not news, unless
-- the attempt it is about has been replaced since.
create unique index message_events_reported_once
    on message_events (message_id, sid, status, coalesce(error_code, 0), superseded) where source in ('callback', 'reconcile');
drop index message_events_told_once;

create index message_events_by_time on message_events using brin (at);

create index unmatched_callbacks_by_age on unmatched_callbacks (received_at);
create index inbound_messages_by_age on inbound_messages (tenant, received_at);

-- What operators and refusals have decided about a service, beside what messaging.toml says.
create table service_states (
    service             text primary key,
    sending             text not null default 'on' check (sending in ('on', 'paused', 'held')),
    accepting           boolean not null default true,   -- false while it is drained
    reason              text,                            -- why it does not send, for people
    error_code          integer,                         -- the refusal that held it
    segments_per_second double precision check (segments_per_second > 0), -- in place of the file's, if set
    burst_segments      integer check (burst_segments > 0),
    changed_at          timestamptz not null
);

-- How far a service, or an account, has slowed down: what share of its rate was left when it last met a limit.
create table paces (
    name       text primary key,                         -- service:<key> or account:<tenant>
    factor     double precision not null check (factor > 0 and factor <= 1),
    lowered_at timestamptz not null
);

-- What left for a capped brand or sender on one of its days.
create table daily_usage (
    cap      text not null,
    day      date not null,
    segments bigint not null check (segments >= 0),
    primary key (cap, day)
);

-- Who said yes and who said stop: only ever added to.
create table consent_events (
    id         bigint generated always as identity primary key,
    tenant     text not null,
    scope      text not null,                            -- a service, or * for all of the tenant's
    number     text not null,
    change     text not null check (change in ('granted', 'withdrawn')),
    source     text not null check (source in ('create', 'callback', 'reconcile', 'operator', 'import', 'inbound')),
    sid        text,                                     -- the proof: the message at Twilio that told us
    message_id uuid,
    error_code integer,
    note       text,
    at         timestamptz not null
);

create index consent_events_of on consent_events (tenant, number, id);

-- The same proof counts once: the SID, or our message where Twilio made none. What has neither is always a new line.
create unique index consent_events_by_proof
    on consent_events (tenant, number, scope, change, coalesce(sid, message_id::text));

-- What follows from the ledger: who must not be written to.
create table opt_outs (
    tenant text not null,
    scope  text not null,
    number text not null,
    since  timestamptz not null,
    primary key (tenant, number, scope)
);

-- What carriers said of a number: unknown too often, and it is not written to any more.
create table number_health (
    tenant        text not null,
    number        text not null,
    unknown_count smallint not null default 0 check (unknown_count >= 0),
    last_code     integer,
    last_at       timestamptz not null,
    invalid_since timestamptz,
    primary key (tenant, number)
);

create table reconcile_cursors (
    tenant       text primary key,
    listed_until timestamptz not null                    -- what Twilio's lists say up to here is known
);
