-- name: server_health
-- What a server must be for a commit to mean that nothing is forgotten.
select current_setting('server_version_num')::int, current_setting('server_version'), current_setting('fsync'),
       current_setting('synchronous_commit'), current_setting('full_page_writes'), pg_is_in_recovery(),
       current_setting('server_encoding')

-- name: clock_of_the_server
select clock_timestamp()
