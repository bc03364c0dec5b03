-- No process of the release before writes lines any more: from now on each message's history is kept in its month (UTC).

create or replace function history_month_of(accepted_at timestamptz) returns date language sql immutable as $$
    select date_trunc('month', accepted_at at time zone 'UTC')::date
$$;
