/** What Redis does of the bus in one step each: scripts over one stream, its groups and what they have pending. */

/*
 * A script is one step for everybody else: a stream that is lost, trimmed or read by another reader in between
 * cannot fool it. Each speaks of one key. Entries hold their fields in this order: id, key, type, payload, at, and, of a
 * trace that is recorded, traceparent: readers of the version before look at the first five only.
 */

const places = `
local function place(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local function before(a, b)
  local ams, aseq = place(a)
  local bms, bseq = place(b)
  return ams < bms or (ams == bms and aseq < bseq)
end
local function field(flat, name)
  for at = 1, #flat, 2 do if flat[at] == name then return flat[at + 1] end end
  return false
end
local function lastOf(key)
  return field(redis.call('XINFO', 'STREAM', key), 'last-generated-id')
end
`;

/** Answers the last place that the stream has given, '' without a stream. */
export const lastScript = `${places}
if redis.call('EXISTS', KEYS[1]) == 0 then return '' end
return lastOf(KEYS[1])
`;

/**
 * ARGV: the place that the stream must have reached, the one that must be its last ('' for any), the most entries,
 * then six fields for each message. Adds all or nothing. Answers `added` and the last place, `lost` and the place it
 * has reached ('' without a stream), `moved` and the last place, or `full` and its length.
 */
export const appendScript = `${places}
local key = KEYS[1]
if redis.call('EXISTS', key) == 0 then return {'lost', ''} end
local last = lastOf(key)
if before(last, ARGV[1]) then return {'lost', last} end
if ARGV[2] ~= '' and ARGV[2] ~= last then return {'moved', last} end
local length = redis.call('XLEN', key)
if length + (#ARGV - 3) / 6 > tonumber(ARGV[3]) then return {'full', tostring(length)} end
for at = 4, #ARGV, 6 do
  local entry = {'id', ARGV[at], 'key', ARGV[at + 1], 'type', ARGV[at + 2], 'payload', ARGV[at + 3], 'at', ARGV[at + 4]}
  if ARGV[at + 5] ~= '' then
    table.insert(entry, 'traceparent')
    table.insert(entry, ARGV[at + 5])
  end
  last = redis.call('XADD', key, '*', unpack(entry))
end
return {'added', last}
`;

/** ARGV: the groups. Makes the stream when there is none, and each group that it has not, from its beginning. */
export const openScript = `
for at = 1, #ARGV do redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[at], '0', 'MKSTREAM') end
return redis.call('XLEN', KEYS[1])
`;

/**
 * ARGV: the place that the stream must have reached, then the groups. Makes groups that it has not, deletes what
 * all have handled, and answers `there`, the last place, the length, the place up to which all have handled
 * everything, and for each group: name, entries it was not given yet ('' where Redis cannot tell), pending ones.
 */
export const surveyScript = `${places}
local key = KEYS[1]
if redis.call('EXISTS', key) == 0 then return {'lost', ''} end
local last = lastOf(key)
if before(last, ARGV[1]) then return {'lost', last} end
for at = 2, #ARGV do redis.pcall('XGROUP', 'CREATE', key, ARGV[at], '0') end
local handled, keepFrom = last, last
local told = {}
for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
  local name = field(group, 'name')
  local delivered = field(group, 'last-delivered-id')
  local pending = redis.call('XPENDING', key, name)
  local upTo = delivered
  if pending[1] > 0 then
    -- The pending ones are not handled: everything before the first of them is.
    local ms, seq = string.match(pending[2], '^(%d+)-(%d+)$')
    if seq ~= '0' then upTo = ms .. '-' .. string.format('%.0f', tonumber(seq) - 1)
    elseif ms ~= '0' then upTo = string.format('%.0f', tonumber(ms) - 1) .. '-18446744073709551615' end
    if before(pending[2], keepFrom) then keepFrom = pending[2] end
  elseif before(delivered, keepFrom) then keepFrom = delivered end
  if before(upTo, handled) then handled = upTo end
  local lag = field(group, 'lag')
  table.insert(told, name)
  table.insert(told, lag and tostring(lag) or '')
  table.insert(told, tostring(pending[1]))
end
redis.call('XTRIM', key, 'MINID', keepFrom)
local answer = {'there', last, tostring(redis.call('XLEN', key)), handled}
for _, word in ipairs(told) do table.insert(answer, word) end
return answer
`;

/**
 * ARGV: ms, then groups. Destroys those of them that are behind while none of their readers was heard of for so long, and
 * answers which. A reader that lives and has something to read was heard of; one that left is no reader any more.
 */
export const retireScript = `${places}
local key, silent = KEYS[1], tonumber(ARGV[1])
if redis.call('EXISTS', key) == 0 then return {} end
local last = lastOf(key)
local groups, retired = {}, {}
for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do groups[field(group, 'name')] = group end
for at = 2, #ARGV do
  local group = groups[ARGV[at]]
  if group and (field(group, 'pending') > 0 or before(field(group, 'last-delivered-id'), last)) then
    local heard = false
    for _, one in ipairs(redis.call('XINFO', 'CONSUMERS', key, ARGV[at])) do
      if field(one, 'idle') < silent then heard = true end
    end
    if not heard then
      redis.call('XGROUP', 'DESTROY', key, ARGV[at])
      table.insert(retired, ARGV[at])
    end
  end
end
return retired
`;

/**
 * ARGV: where to begin, how many, then the groups. Deletes entries that every group was given and has handled, although an older
 * one is pending: one that cannot be handled for a while must not fill the stream with its neighbours. Answers
 * where to go on, '' at the end. Where a group is missing nothing is deleted: nobody knows what it has handled.
 */
export const thinScript = `${places}
local key = KEYS[1]
if redis.call('EXISTS', key) == 0 then return '' end
local groups = redis.call('XINFO', 'GROUPS', key)
local delivered = lastOf(key)
local there = {}
for _, group in ipairs(groups) do there[field(group, 'name')] = true end
for at = 3, #ARGV do if not there[ARGV[at]] then return '' end end
for _, group in ipairs(groups) do
  local given = field(group, 'last-delivered-id')
  if before(given, delivered) then delivered = given end
end
local entries = redis.call('XRANGE', key, ARGV[1], delivered, 'COUNT', ARGV[2])
if #entries == 0 then return '' end
local first, last = entries[1][1], entries[#entries][1]
local waits = {}
for _, group in ipairs(groups) do
  for _, one in ipairs(redis.call('XPENDING', key, field(group, 'name'), first, last, ARGV[2])) do
    waits[one[1]] = true
  end
end
for _, entry in ipairs(entries) do
  if not waits[entry[1]] then redis.call('XDEL', key, entry[1]) end
end
if #entries < tonumber(ARGV[2]) then return '' end
return '(' .. last
`;

const rows = `
-- place, key, delivery, bytes, idle ms, and up to a number of bytes: id, type, payload, at, traceparent ('' without)
local function row(entry, delivery, idle, withBody)
  local f = entry[2]
  local bytes = tostring(string.len(f[8]))
  if not withBody then return {entry[1], f[4], delivery, bytes, idle} end
  return {entry[1], f[4], delivery, bytes, idle, f[2], f[6], f[8], f[10], f[12] or ''}
end
`;

/**
 * ARGV: group, reader, how many, how many bytes. Takes entries that nobody was given yet; beyond the bytes their
 * rows come without a body. Answers `taken` and rows; `others` when another reader holds entries, which are
 * older than all that could be taken and come first; `missing` without a stream. A group is made when it is
 * missing: somebody has emptied Redis, or this consumer is new. `none` and the last place that the group was given
 * when there is nothing new: what lies before it is no reason to look again.
 */
export const takeScript = `${places}${rows}
local key, group, reader = KEYS[1], ARGV[1], ARGV[2]
if redis.call('EXISTS', key) == 0 then return {'missing'} end
redis.pcall('XGROUP', 'CREATE', key, group, '0')
local pending = redis.call('XPENDING', key, group)
if pending[1] > 0 then
  for _, one in ipairs(pending[4]) do if one[1] ~= reader then return {'others'} end end
end
local read = redis.call('XREADGROUP', 'GROUP', group, reader, 'COUNT', ARGV[3], 'STREAMS', key, '>')
if not read then
  for _, one in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    if field(one, 'name') == group then return {'none', field(one, 'last-delivered-id')} end
  end
end
local answer, room = {'taken'}, tonumber(ARGV[4])
for _, entry in ipairs(read[1][2]) do
  room = room - string.len(entry[2][8])
  table.insert(answer, row(entry, '1', '0', room >= 0))
end
return answer
`;

/**
 * ARGV: group, reader, where to begin, how many. Makes pending entries of other readers this reader's own, in
 * order, and answers where to go on ('' at the end), then the rows of all pending ones, without bodies. What is
 * not in the stream any more is not pending either.
 */
export const claimScript = `${rows}
local key, group, reader = KEYS[1], ARGV[1], ARGV[2]
local pending = redis.pcall('XPENDING', key, group, ARGV[3], '+', ARGV[4])
if pending.err or #pending == 0 then return {''} end
local answer = {#pending < tonumber(ARGV[4]) and '' or '(' .. pending[#pending][1]}
for _, one in ipairs(pending) do
  local entry = redis.call('XRANGE', key, one[1], one[1])[1]
  if not entry then redis.call('XACK', key, group, one[1])
  else
    -- Count and time of the last delivery stay what they are: nothing has failed, and no wait begins anew.
    if one[2] ~= reader then
      redis.call('XCLAIM', key, group, reader, 0, one[1], 'IDLE', one[3], 'JUSTID')
    end
    table.insert(answer, row(entry, tostring(one[4]), tostring(one[3]), false))
  end
end
return answer
`;

/** ARGV: places. Answers place, id, type, payload, at and traceparent of those that are in the stream. */
export const bodiesScript = `
local answer = {}
for at = 1, #ARGV do
  local entry = redis.call('XRANGE', KEYS[1], ARGV[at], ARGV[at])[1]
  if entry then
    local f = entry[2]
    table.insert(answer, {entry[1], f[2], f[6], f[8], f[10], f[12] or ''})
  end
end
return answer
`;

/**
 * ARGV: group, reader, how many were handled, their places, then place and next delivery of each that failed. The
 * handled are forgotten; the count of the others is written down, where the next reader finds it.
 */
export const settleScript = `
local key, group, reader, handled = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
for at = 4, 3 + handled do redis.call('XACK', key, group, ARGV[at]) end
for at = 4 + handled, #ARGV, 2 do
  redis.pcall('XCLAIM', key, group, reader, 0, ARGV[at], 'RETRYCOUNT', ARGV[at + 1], 'JUSTID')
end
return handled
`;

/**
 * ARGV: group, reader, ms. Forgets readers that hold nothing and were not heard of for so long; with 0 ms this
 * reader itself, which leaves. One that holds something is never forgotten: its entries would be with it.
 */
export const forgetReadersScript = `${places}
local key, group, reader, idle = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local consumers = redis.pcall('XINFO', 'CONSUMERS', key, group)
if consumers.err then return 0 end
local forgotten = 0
for _, one in ipairs(consumers) do
  local name = field(one, 'name')
  local wanted = (idle == 0 and name == reader) or (idle > 0 and name ~= reader and field(one, 'idle') >= idle)
  if wanted and field(one, 'pending') == 0 then
    redis.call('XGROUP', 'DELCONSUMER', key, group, name)
    forgotten = forgotten + 1
  end
end
return forgotten
`;
