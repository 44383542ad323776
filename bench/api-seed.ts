import { addUser } from '../packages/orchestra/src/access/index.ts'
import { addHook } from '../packages/orchestra/src/hooks/index.ts'
import { createLogWriter } from '../packages/orchestra/src/logs/index.ts'
import { addChannel } from '../packages/orchestra/src/notify/index.ts'
import { sumUp } from '../packages/orchestra/src/operations/tally.ts'
import type { Store } from '../packages/orchestra/src/store/index.ts'
import { backendNames } from './api-project.ts'

/** How much there is of what grows. */
export interface Amounts {
  servers: number
  /** Each is on one server, by all backends. */
  objects: number
  units: number
  /** Of one operation each. */
  logs: number
  /** Bytes of the one big log. */
  bigLog: number
  audits: number
  events: number
  findings: number
}

/** What a request can name. */
export interface Known {
  server: string
  object: string
  unit: string
  log: number
  bigLog: number
  route: number
  sync: number
  incident: number
  plan: number
  user: string
  role: string
  binding: number
  /** It is added by whoever asks. */
  token: string
  channel: string
  hook: string
}

/** The newest logs, which have an output. */
const LOGS_WITH_OUTPUT = 1_000
/** One in so many. */
const FAILED = 50

/** Fills a store by SQL as if it had been used for 90 days. */
export async function seed(store: Store, amounts: Amounts): Promise<Known> {
  const { servers, objects, units, logs, audits, events, findings } = amounts
  const run = (sql: string, ...values: unknown[]) => store.query(sql, values)
  await run(SERVERS, servers)
  await run(ROUTES, backendNames)
  await run(
    'insert into page (id, host, body) select n, $2, $2 from generate_series(1, $1::int) n',
    objects,
    'one',
  )
  await run(PLACEMENTS, objects, servers, backendNames, logs)
  await run(UNITS, units)
  await run(OPERATIONS, logs, units, objects, servers, backendNames)
  await run(ranges(logs))
  await run(LOGS, logs, servers, backendNames)
  await run(LOG_OPERATIONS, logs)
  await run(OUTPUT, logs, LOGS_WITH_OUTPUT)
  await run(GO_ON)
  await run(OPEN_OPERATIONS, Math.ceil(objects / 10), units, servers, backendNames)
  await sumUp(store)
  await run(AUDITS, audits)
  await run(EVENTS, events, servers, backendNames)
  await run(SYNCS, servers)
  await run(FINDINGS, findings, servers, backendNames)
  await run(TRANSFERS, Math.ceil(objects / 10), servers, backendNames)
  await run(INCIDENTS, servers, backendNames)
  await run(PLANS, servers)
  await addPeople(store)
  const bigLog = await addBigLog(store, amounts.bigLog)
  await run('vacuum (analyze)')
  const [known] = await store.query<Omit<Known, 'bigLog'>>(KNOWN)
  if (known === undefined) throw new Error('nothing was seeded')
  return { ...known, bigLog }
}

const SERVERS = `
with made as (
  insert into orchestra.server (name, method, host, tags)
  select 'server' || n, 'function', 'host' || n, array['all', 'group' || n % 10] from generate_series(1, $1::int) n returning id
)
insert into orchestra.lane (server_id) select id from made`

const ROUTES = `
insert into orchestra.route (backend, server_id, match)
select ($1::text[])[1 + id % cardinality($1::text[])], id, 'page.host == "server' || id || '"' from orchestra.server`

/** Of the objects every 20th waits, and every 100th fails. */
const PLACEMENTS = `
insert into orchestra.placement
  (backend, server_id, model, object_key, keys, identity, want_identity, revision, log_id, applied_at, generation, stands, attempt, stale)
select named.backend, 1 + n % $2::int, 'page', n::text, jsonb_build_array(n), 'pages/' || n, 'pages/' || n, 'r' || n,
  1 + n % $4::int, now() - random() * interval '90 days', 1,
  case when n % 20 = 0 then null else 1 end, case when n % 100 = 0 then 3 else 0 end, n % 30 = 0
from generate_series(1, $1::int) n, unnest($3::text[]) named(backend)`

const UNITS = `
insert into orchestra.unit (id, actor, source, created_at, collected_at)
select md5('unit' || n)::uuid, 'user' || n % 50, 'POST /pages', at, at + interval '1 second'
from generate_series(1, $1::int) n, lateral (select now() - ($1::int - n) * interval '90 days' / $1::int as at) as time`

/** The operation of a log has its number. */
const OPERATIONS = `
insert into orchestra.operation (id, unit_id, server_id, backend, action, model, object_key, keys, identity, state, outcome, changed,
  error, log_id, created_at, started_at, ended_at)
overriding system value
select n, md5('unit' || 1 + n % $2::int)::uuid, 1 + object % $4::int, ($5::text[])[1 + n % cardinality($5::text[])], 'save', 'page',
  object::text, jsonb_build_array(object), 'pages/' || object, 'done', outcome, true,
  case when outcome = 'failure' then 'exit code 1' end, n, at, at, at + interval '1 second'
from generate_series(1, $1::int) n, lateral (
  select 1 + n % $3::int as object, case when n % ${FAILED} = 0 then 'failure' else 'success' end as outcome,
    now() - ($1::int - n) * interval '90 days' / $1::int as at) as one`

const LOGS = `
insert into orchestra.log (id, run_id, server_id, backend, method, state, script, script_bytes, fence, exit_code, output_bytes, chunks,
  created_at, started_at, ended_at)
overriding system value
select n, md5('run' || n)::uuid, 1 + n % $2::int, ($3::text[])[1 + n % cardinality($3::text[])], 'function',
  case when n % ${FAILED} = 0 then 'FAILURE' else 'SUCCESS' end, 'echo ' || n, 10, 1, case when n % ${FAILED} = 0 then 1 else 0 end, 0, 0,
  at, at, at + interval '1 second'
from generate_series(1, $1::int) n, lateral (select now() - ($1::int - n) * interval '90 days' / $1::int as at) as time`

/** One a day, beyond those that every store begins with. */
function ranges(logs: number): string {
  return `
do $ranges$
declare
  size integer := greatest(10000, ${logs} / 90);
  first integer := 30001;
begin
  while first <= ${logs} loop
    execute format('create table orchestra.log_operation_%s partition of orchestra.log_operation for values from (%s) to (%s)', first, first, first + size);
    execute format('create table orchestra.log_chunk_%s partition of orchestra.log_chunk for values from (%s) to (%s)', first, first, first + size);
    first := first + size;
  end loop;
end
$ranges$`
}

const LOG_OPERATIONS = `
insert into orchestra.log_operation (log_id, operation_id, position, outcome, exit_code, changed)
select n, n, 0, case when n % ${FAILED} = 0 then 'failure' else 'success' end, 0, true from generate_series(1, $1::int) n`

const OUTPUT = `
with chunk as (
  insert into orchestra.log_chunk (log_id, sequence, stream, position, data, byte_at, line_at, stream_byte_at, stream_line_at)
  select n, 0, 1, 0, convert_to(repeat('a line of the output' || chr(10), 50), 'UTF8'), 0, 0, 0, 0
  from generate_series(greatest(1, $1::int - $2::int), $1::int) n returning log_id, length(data) as bytes
)
update orchestra.log set output_bytes = bytes, chunks = 1 from chunk where id = log_id`

const GO_ON = `
select setval('orchestra.operation_id_seq', (select max(id) from orchestra.operation)),
  setval('orchestra.log_id_seq', (select max(id) from orchestra.log))`

const OPEN_OPERATIONS = `
insert into orchestra.operation (unit_id, server_id, backend, action, model, object_key, keys, identity, attempt, due_at, error)
select md5('unit' || 1 + n % $2::int)::uuid, 1 + n * 20 % $3::int, ($4::text[])[1], 'save', 'page', n * 20 || '',
  jsonb_build_array(n * 20), 'pages/' || n * 20, n % 2 * 3, now() + interval '1 hour', case when n % 2 = 1 then 'exit code 1' end
from generate_series(1, $1::int) n`

const AUDITS = `
insert into orchestra.audit (at, actor, action, target, detail)
select now() - ($1::int - n) * interval '90 days' / $1::int, 'user' || n % 50, 'server.hold', 'server' || n, '{}'
from generate_series(1, $1::int) n`

const EVENTS = `
insert into orchestra.event (kind, detail)
select 'script-started', jsonb_build_object('log', n, 'server', 1 + n % $2::int, 'backend', ($3::text[])[1 + n % cardinality($3::text[])])
from generate_series(1, $1::int) n`

const SYNCS = `
insert into orchestra.sync (mode, server_id, source, state, created_at, started_at, ended_at)
select 'check', id, 'cli', 'done', now(), now(), now() from orchestra.server where id <= $1`

const FINDINGS = `
with looked as (
  insert into orchestra.inspection (sync_id, server_id, backend, state, ended_at)
  select sync.id, sync.server_id, named.backend, 'done', now() from orchestra.sync, unnest($3::text[]) named(backend) returning id, server_id, backend
)
insert into orchestra.finding (inspection_id, server_id, backend, model, object_key, identity, state)
select looked.id, looked.server_id, looked.backend, 'page', n::text, 'pages/' || n, 'drifted'
from generate_series(1, $1::int) n join looked on looked.server_id = 1 + n % $2::int and looked.backend = ($3::text[])[1 + n % cardinality($3::text[])]`

const TRANSFERS = `
insert into orchestra.transfer (backend, model, object_key, from_server, to_server, step, outcome, ended_at)
select ($3::text[])[1], 'page', n::text, 1 + n % $2::int, 1 + (n + 1) % $2::int, 'done', 'success', now()
from generate_series(1, $1::int) n`

const INCIDENTS = `
insert into orchestra.incident (key, server_id, backend, outcome, error, objects, most, told, opened_at, seen_at)
select 'key' || id, id, ($2::text[])[1], 'failure', 'exit code 1', 1, 1, 1, now(), now() from orchestra.server where id <= $1`

const KNOWN = `
select (select name from orchestra.server order by id desc limit 1) as server, 'page:20' as object,
  (select id::text from orchestra.unit order by created_at desc limit 1) as unit,
  (select max(id) from orchestra.log where chunks > 0 and output_bytes < 10000) as log, (select max(id) from orchestra.route) as route,
  (select max(id) from orchestra.sync) as sync, (select max(id) from orchestra.incident) as incident, (select max(id) from orchestra.plan) as plan,
  'ana' as user, 'viewer' as role, (select max(id) from orchestra.binding) as binding, 'all' as token, 'ops' as channel, 'deploy' as hook`

const PLANS = `
with made as (
  insert into orchestra.plan (fingerprint, content, operations, counts, removes, servers, failures, failed, scripts, created_by)
  select 'fingerprint' || n, '{"selector": {}, "operations": []}', 0, '{}', 0, 0, '[]', 0, 0, 'user' || n % 50
  from generate_series(1, $1::int) n returning id
)
select count(*) from made`

/** Who does things, who is told of them, and who may ask for some. */
async function addPeople(store: Store): Promise<void> {
  const by = 'bench'
  await addUser(store, { name: 'ana', role: 'viewer' }, { by })
  await addChannel(
    store,
    { name: 'ops', kind: 'webhook', url: 'http://127.0.0.1:9/', allowsPrivate: true },
    by,
  )
  await addHook(store, { name: 'deploy', does: 'check', at: {} }, { by })
}

const LINE = `${'a line of a script that tells very much '.repeat(2)}\n`
const PIECE_LINES = 2_000

/** As a worker writes it. */
async function addBigLog(store: Store, bytes: number): Promise<number> {
  const [log] = await store.query<{ id: number }>(
    `insert into orchestra.log (run_id, server_id, backend, method, script, script_bytes, fence)
     values (gen_random_uuid(), 1, $1, 'function', 'yes', 3, 1) returning id`,
    [backendNames[0]],
  )
  if (log === undefined) throw new Error('no log')
  const writer = createLogWriter(store, { logId: log.id })
  const piece = Buffer.from(LINE.repeat(PIECE_LINES))
  for (let written = 0; written < bytes; written += piece.length) await writer.write('stdout', null, piece)
  await writer.finish({ state: 'SUCCESS', exitCode: 0 })
  return log.id
}
