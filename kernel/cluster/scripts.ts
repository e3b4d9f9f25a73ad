/**
 * What the store does in one step. Every script takes the prefix of all keys as its one key, so that a Redis Cluster keeps them
 * together; what follows it is built from it. Moments that are compared between nodes are those of Redis.
 *
 * | key | type | holds |
 * |---|---|---|
 * | `policy:<name>` | string | what the policy of the node with the seat has learnt |
 * | `seat` | string with a lease | the node that may write |
 * | `nodes` | sorted set by time | when each node was last there |
 * | `cores`, `roles` | hashes | of each node whose work is spread |
 * | `tok:<id>` | stream | text of an open call, see `TextLog` |
 * | `long:<node>-<n>` | string, 60 s | messages between nodes that are long |
 * | `bull:core-<core>:*` | BullMQ | requests to a core, see `Queues` |
 * | `to-seat`, `to-all`, `to:<node>`, `tok:<id>` | channels | messages between nodes |
 * | `epoch` | counter | how often the seat was taken: what an earlier holder still writes is refused |
 * | `call:<id>` | hash | call, prompt, end, rating; goes `keepMs` after the end |
 * | `key:<owner> <key>` | string | id of the ended call that has this key; open ones are known to the node with the seat |
 * | `open` | sorted set by acceptance | ids without an end |
 * | `tries` | hash | of each open call that was started, how often, and on which core last |
 * | `starts` | sorted set by time | those of the last minute |
 * | `spent` | hash | US dollars by owner |
 * | `spent:day:<start>`, `spent:month:<start>` | hash | those of a period |
 */

/** Takes the seat if nobody holds it. ARGV: node, lease in ms. @returns the epoch; 0 while another node holds it */
export const TAKE_SEAT = `
local p = KEYS[1]
redis.call('ZADD', p .. 'nodes', redis.call('TIME')[1], ARGV[1])
if not redis.call('SET', p .. 'seat', ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
return redis.call('INCR', p .. 'epoch')`;

/** Holds the seat for another lease. ARGV: node, lease in ms. @returns 1; 0 where it is lost */
export const HOLD_SEAT = `
local p = KEYS[1]
redis.call('ZADD', p .. 'nodes', redis.call('TIME')[1], ARGV[1])
if redis.call('GET', p .. 'seat') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', p .. 'seat', ARGV[2])`;

/**
 * The node is there. ARGV: node, its cores as JSON, its roles, seconds after which a node that was not there has gone.
 *
 * @returns a node that is there with other cores, and these; nothing: there is none
 */
export const JOIN = `
local p = KEYS[1]
local now = tonumber(redis.call('TIME')[1])
for _, name in ipairs(redis.call('ZRANGEBYSCORE', p .. 'nodes', now - ARGV[4], '+inf')) do
  local cores = redis.call('HGET', p .. 'cores', name)
  if cores and name ~= ARGV[1] and cores ~= ARGV[2] then return { name, cores } end
end
redis.call('ZADD', p .. 'nodes', now, ARGV[1])
redis.call('HSET', p .. 'cores', ARGV[1], ARGV[2])
redis.call('HSET', p .. 'roles', ARGV[1], ARGV[3])
return false`;

/** The node is still there. ARGV: node, its cores as JSON, its roles. */
export const BEAT = `
local p = KEYS[1]
redis.call('ZADD', p .. 'nodes', redis.call('TIME')[1], ARGV[1])
redis.call('HSET', p .. 'cores', ARGV[1], ARGV[2])
redis.call('HSET', p .. 'roles', ARGV[1], ARGV[3])`;

/** The node goes. ARGV: node. */
export const LEAVE = `
local p = KEYS[1]
redis.call('ZREM', p .. 'nodes', ARGV[1])
redis.call('HDEL', p .. 'cores', ARGV[1])
redis.call('HDEL', p .. 'roles', ARGV[1])`;

/** The node goes, and lets go of the seat where it holds it. ARGV: node. */
export const LEAVE_SEAT = `
local p = KEYS[1]
redis.call('ZREM', p .. 'nodes', ARGV[1])
if redis.call('GET', p .. 'seat') ~= ARGV[1] then return 0 end
redis.call('DEL', p .. 'seat')
redis.call('PUBLISH', p .. 'to-all', '[{"type":"free"}]')
return 1`;

/**
 * Writes a group of facts. ARGV: epoch, keepMs, \`drop\` or \`keep\`, then of each fact its type, how many values it has, and these. A fact
 * that is written twice, since its answer was lost, changes nothing. Money of a day or month stays for two of the longest ones.
 *
 * A command costs Redis more than what it does, here and again in the file: what concerns all calls alike is one command for the whole group.
 */
export const COMMIT = `
local p = KEYS[1]
local run = redis.call
if run('GET', p .. 'epoch') ~= ARGV[1] then return redis.error_reply('FENCED the seat was taken by another node') end
local function many(command, key, values)
  for from = 1, #values, 4000 do
    run(command, key, unpack(values, from, math.min(from + 3999, #values)))
  end
end
local opened, started, begun, ended, ending, closed, spent = {}, {}, {}, {}, {}, {}, {}
local at = 4
while at <= #ARGV do
  local kind, id = ARGV[at], ARGV[at + 2]
  local call = p .. 'call:' .. id
  if kind == 'accepted' then
    if run('HSET', call, 'call', ARGV[at + 3], 'params', ARGV[at + 4]) > 0 then opened[#opened + 1] = id end
  elseif kind == 'started' then
    started[#started + 1] = at
    begun[#begun + 1] = id
  elseif kind == 'ended' then
    ended[#ended + 1] = at
    ending[#ending + 1] = id
  elseif run('EXISTS', call) == 1 then
    run('HSETNX', call, 'rated', ARGV[at + 3])
  end
  at = at + 2 + ARGV[at + 1]
end
if #opened > 0 then
  local first = run('INCRBY', p .. 'seq', #opened) - #opened
  local scored = {}
  for n, id in ipairs(opened) do
    scored[2 * n - 1] = first + n
    scored[2 * n] = id
  end
  many('ZADD', p .. 'open', scored)
end
if #started > 0 then
  local time = run('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local isOpen = run('ZMSCORE', p .. 'open', unpack(begun))
  local starts, tries = {}, {}
  for n, at in ipairs(started) do
    if isOpen[n] then
      local id, attempt, core, tokens = unpack(ARGV, at + 2, at + 5)
      starts[#starts + 1] = now
      starts[#starts + 1] = table.concat({ id, attempt, tokens, core }, ' ')
      tries[#tries + 1] = id
      tries[#tries + 1] = attempt .. ' ' .. core
    end
  end
  run('ZREMRANGEBYSCORE', p .. 'starts', '-inf', now - 60000)
  many('ZADD', p .. 'starts', starts)
  many('HSET', p .. 'tries', tries)
end
if #ended > 0 then
  local isOpen = run('ZMSCORE', p .. 'open', unpack(ending))
  local done = {}
  for n, at in ipairs(ended) do
    local id, owner, key, how, reply, usd, day, month = unpack(ARGV, at + 2, at + 9)
    local call = p .. 'call:' .. id
    if isOpen[n] and not done[id] then
      done[id] = true
      if ARGV[3] == 'drop' then run('HSET', call, 'end', how, 'reply', reply, 'params', '{}')
      else run('HSET', call, 'end', how, 'reply', reply) end
      run('PEXPIRE', call, ARGV[2])
      if key ~= '' then run('SET', p .. 'key:' .. owner .. ' ' .. key, id, 'PX', ARGV[2]) end
      closed[#closed + 1] = id
      for _, period in ipairs({ '', ':' .. day, ':' .. month }) do
        local of = spent[period] or {}
        of[owner] = (of[owner] or 0) + usd
        spent[period] = of
      end
    elseif ARGV[3] == 'drop' and run('EXISTS', call) == 1 then
      -- The group is written again, and with it the prompt.
      run('HSET', call, 'params', '{}')
    end
  end
end
many('ZREM', p .. 'open', closed)
many('HDEL', p .. 'tries', closed)
for period, of in pairs(spent) do
  for owner, usd in pairs(of) do run('HINCRBYFLOAT', p .. 'spent' .. period, owner, string.format('%.17g', usd)) end
  if period ~= '' then run('PEXPIRE', p .. 'spent' .. period, 62 * 86400000) end
end
return 'OK'`;

/** Keeps what a policy has learnt, unless another node has taken the seat. ARGV: epoch, name, bytes. @returns 1; 0 where it has */
export const KEEP_LEARNT = `
local p = KEYS[1]
if redis.call('GET', p .. 'epoch') ~= ARGV[1] then return 0 end
redis.call('SET', p .. 'policy:' .. ARGV[2], ARGV[3])
return 1`;

/** All that the last holder of the seat has left. ARGV: names of the day and the month. @returns open ids, starts with their times, spent, Redis' time in ms, spent in the day and the month, and how often and where open calls were started */
export const LEFT = `
local p = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {
  redis.call('ZRANGE', p .. 'open', 0, -1),
  redis.call('ZRANGEBYSCORE', p .. 'starts', now - 60000, '+inf', 'WITHSCORES'),
  redis.call('HGETALL', p .. 'spent'),
  tostring(now),
  redis.call('HGETALL', p .. 'spent:' .. ARGV[1]),
  redis.call('HGETALL', p .. 'spent:' .. ARGV[2]),
  redis.call('HGETALL', p .. 'tries'),
}`;

/** The cluster as it is. ARGV: seconds after which a node that was not there is left out. @returns seat, lease in ms, epoch, open calls, and of each node its name, the seconds since, and its roles */
export const OVERVIEW = `
local p = KEYS[1]
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', p .. 'nodes', '-inf', now - ARGV[1])
local nodes = {}
local known = redis.call('ZRANGE', p .. 'nodes', 0, -1, 'WITHSCORES')
for i = 1, #known, 2 do
  local at = #nodes
  nodes[at + 1] = known[i]
  nodes[at + 2] = now - known[i + 1]
  nodes[at + 3] = redis.call('HGET', p .. 'roles', known[i]) or ''
end
return {
  redis.call('GET', p .. 'seat') or '',
  redis.call('PTTL', p .. 'seat'),
  tonumber(redis.call('GET', p .. 'epoch') or '0'),
  redis.call('ZCARD', p .. 'open'),
  nodes,
}`;
