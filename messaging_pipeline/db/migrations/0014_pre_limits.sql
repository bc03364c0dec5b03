-- Limits on money and on countries: how much of each is used in a period, and which attempt has used it.

create table meters (
    tenant    text not null,
    meter     text not null,                     -- such as spend:day, spend:month:alerts, country:hour:GB
    begins_at timestamptz not null,
    ends_at   timestamptz not null,
    used      numeric(20, 6) not null check (used >= 0),
    primary key (tenant, meter, begins_at)
);

create index meters_ended on meters (ends_at);

-- What an attempt has drawn, so that exactly that is given back if nothing was sent.
create table meter_draws (
    message_id uuid not null,
    attempt    smallint not null,
    tenant     text not null,
    meters     text[] not null,
    begins_ats timestamptz[] not null,
    amounts    numeric(20, 6)[] not null,
    ends_at    timestamptz not null,             -- of its last period
    primary key (message_id, attempt)
);

create index meter_draws_ended on meter_draws (ends_at);
