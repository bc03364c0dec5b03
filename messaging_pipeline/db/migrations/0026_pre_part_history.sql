-- The history becomes a table in partitions, by the month of the message and not of the line: so all lines of a message
-- are in one partition, and that one's unique index keeps each report once, as before, without the month in it.
-- The table that was there becomes the first partition as it is, with its rows and indexes.

lock table message_events in access exclusive mode;

alter table message_events rename to message_events_of_no_month;

create table message_events (
    id            bigint generated always as identity,
    message_id    uuid not null,
    status        text not null,
    source        text not null,
    at            timestamptz not null,
    sid           text,
    error_code    integer,
    detail        text,
    moved         boolean not null,
    attempt       smallint,
    superseded    boolean not null default false,
    history_month date not null default '0001-01-01',
    constraint message_events_source_check
        check (source in ('accept', 'deliver', 'callback', 'reconcile', 'policy', 'sweep', 'operator'))
) partition by range (history_month);

-- Lines are read in the order of their ids, so the numbers go on where they were.
select setval(pg_get_serial_sequence('message_events', 'id'), last_value, is_called) from message_events_id_seq;

alter table message_events_of_no_month alter column id drop identity;
alter table message_events attach partition message_events_of_no_month for values from (minvalue) to ('1970-01-01');
alter table message_events_of_no_month drop constraint message_events_of_no_month;

-- A net, so that no line is ever refused because its month was not made; and the pattern of every month.
create table message_events_other
    (like message_events_of_no_month including defaults including constraints including indexes including storage);
alter table message_events attach partition message_events_other default;

-- Which months are gone: their messages have no history because it was let go, not because it was lost.
create table forgotten_history (
    month        date primary key,
    forgotten_at timestamptz not null
);

create function history_partition(month date) returns text language sql stable as $$
    select case when month < '1970-01-01' then 'message_events_of_no_month'
                else 'message_events_' || to_char(month, 'YYYY_MM') end
$$;

-- Tells whether it made the month. Two at once: the second finds it made.
create function make_history_month(month date) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock(2044, 0);
    if to_regclass(quote_ident(history_partition(month))) is not null then
        return false;
    end if;
    execute format('create table %I (like message_events_other including defaults including constraints'
                   ' including indexes including storage)', history_partition(month));
    execute format('alter table message_events attach partition %I for values from (%L) to (%L)',
                   history_partition(month), month, (month + interval '1 month')::date);
    return true;
end $$;

-- Drops the month's partition, if it has one, and writes down that it is gone, in one transaction. Not concurrently:
-- Postgres does not do that beside a default partition, and what is done at once is never found half done.
create function forget_history_month(month date, now timestamptz) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(2044, 0);
    if exists (select from pg_inherits
               where inhparent = 'message_events'::regclass
                 and inhrelid = to_regclass(quote_ident(history_partition(month)))) then
        execute format('drop table %I', history_partition(month));
    end if;
    insert into forgotten_history as f (month, forgotten_at) values (month, now)
    on conflict on constraint forgotten_history_pkey do nothing;
end $$;

-- In which month a message's history is kept. As long as the release before may write lines, in none: it does not name
-- the month, and a report that came once by it and once by this release would be kept twice. The next file begins.
create function history_month_of(accepted_at timestamptz) returns date language sql immutable as $$
    select date '0001-01-01'
$$;

select make_history_month((date_trunc('month', now() at time zone 'UTC') + n * interval '1 month')::date)
from generate_series(0, 3) as n;
