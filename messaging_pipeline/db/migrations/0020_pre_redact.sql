-- Messages whose text and files have to go from Twilio.

create table redactions (
    tenant      text not null,
    sid         text not null,                   -- the message's SID, whichever way it went
    state       text not null check (state in ('waiting', 'claimed', 'done', 'failed')),
    due_at      timestamptz not null,
    lease_until timestamptz,
    attempts    integer not null default 0,
    explanation text,
    created_at  timestamptz not null,
    finished_at timestamptz,
    primary key (tenant, sid),
    constraint redactions_are_leased_while_in_hand check ((state = 'claimed') = (lease_until is not null))
);

create index redactions_due on redactions (tenant, due_at) where state = 'waiting';
create index redactions_leased on redactions (lease_until) where state = 'claimed';
create index redactions_by_age on redactions (tenant, created_at desc, sid);
