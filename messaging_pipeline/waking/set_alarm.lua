-- Sets a service's alarm, unless an earlier one is set.
--
-- KEYS[1]  sorted set of services by the time of their alarm, in microseconds since 1970 by this server's clock
-- ARGV     service, microseconds from now

local time = redis.call('TIME')
local at = time[1] * 1000000 + time[2] + ARGV[2]
redis.call('ZADD', KEYS[1], 'LT', string.format('%.0f', at), ARGV[1])
return 0
