-- Whether one more message of a number may be answered.
-- KEYS[1]: a sorted set of the messages answered, by when. ARGV: now and the window's length in milliseconds, how many
-- answers a window may hold, the message's SID. A message that was answered before is answered again: Twilio asks
-- twice when the first answer did not reach it, and uses one of the two.
local now, window, most, sid = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZSCORE', KEYS[1], sid) then
    return 1
end
if redis.call('ZCARD', KEYS[1]) >= most then
    return 0
end
redis.call('ZADD', KEYS[1], now, sid)
redis.call('PEXPIRE', KEYS[1], window)
return 1
