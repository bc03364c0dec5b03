-- What Twilio has said of numbers' lines, until that grows old: landlines are not written to.

create table number_lines (
    tenant     text not null,
    number     text not null,
    line_type  text not null,                    -- by Twilio's name for it, such as landline or mobile
    error_code integer,                          -- the error that told it, where it was one
    heard_at   timestamptz not null,
    good_until timestamptz not null,
    primary key (tenant, number)
);
