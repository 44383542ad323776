import { CAPTURE_ROLE } from '../capture/index.ts'
import { isOrchestraError, OrchestraError } from '../errors.ts'
import { WORKER_ALIVE } from '../operations/worker-alive.ts'
import { ownSchemas } from '../rights/index.ts'
import { sourceOf } from '../source/index.ts'
import type { Queryable, Store } from '../store/index.ts'

/** What stands in a database, and is lost when Orchestra leaves it. */
export interface Installed {
  schemas: string[]
  /** As `trigger on table`. */
  triggers: string[]
  servers: number
  routes: number
  placements: number
  logs: number
  /** Operations that wait or run. */
  open: number
  /** Workers that gave a sign of life in the last seconds, as `process PID on HOST`. */
  workers: string[]
}

export interface Uninstalled {
  removed: string[]
  /** What this role may not remove: statements, and who has to run them. */
  left: string[]
}

/** What there is, whatever version it is of. */
export async function readInstalled(db: Store): Promise<Installed> {
  const schemas = await db.query<{ name: string }>(
    'select nspname as name from pg_namespace where nspname = any($1::text[]) order by 1',
    [ownSchemas],
  )
  const isThere = await tablesOf(db)
  const count = async (table: string, condition = 'true') =>
    isThere.has(table) ? countOf(db, `orchestra.${table} where ${condition}`) : 0
  return {
    schemas: schemas.map(({ name }) => name),
    triggers: await sourceOf(db).capture.standing(),
    servers: await count('server', 'removed_at is null'),
    routes: await count('route'),
    placements: await count('placement'),
    logs: await count('log'),
    open: await count('operation', `state in ('waiting', 'running')`),
    workers: isThere.has('worker') ? await readWorkers(db) : [],
  }
}

async function tablesOf(db: Queryable): Promise<Set<string>> {
  const rows = await db.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = to_regnamespace('orchestra') and relkind = 'r'`,
  )
  return new Set(rows.map(({ name }) => name))
}

async function countOf(db: Queryable, from: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(`select count(*) as count from ${from}`)
  return row?.count ?? 0
}

async function readWorkers(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `select 'process ' || pid || ' on ' || host as name from orchestra.worker where ${WORKER_ALIVE} order by 1`,
  )
  return rows.map(({ name }) => name)
}

/**
 * Removes triggers, functions and schemas, as far as this role may. Nothing is sent to any server.
 * @throws OrchestraError ORC_WORKER_ALIVE unless it is forced
 */
export async function uninstall(
  store: Store,
  options: { force?: boolean | undefined } = {},
): Promise<Uninstalled> {
  const { schemas, workers } = await readInstalled(store)
  if (workers.length > 0 && options.force !== true) throw stillWorking(workers)
  const { removed, left } = await release(store)
  for (const schema of schemas.toReversed()) {
    const drop = `drop schema ${schema} cascade`
    const refusal = await attempt(() => store.query(drop))
    if (refusal === undefined) removed.push(`schema ${schema}`)
    else left.push(`${drop}; -- as ${await ownerOf(store, schema)}`)
  }
  return { removed, left: [...left, ...(await roleLeft(store))] }
}

/** Table by table, so that no writer waits for all of them. */
async function release(store: Store): Promise<Uninstalled> {
  const removed: string[] = []
  const refusal = await attempt(async () => {
    removed.push(...(await sourceOf(store).capture.remove()))
  })
  return { removed, left: refusal?.hint === undefined ? [] : [`-- ${refusal.hint}`] }
}

/** The refusal of what this role may not do; anything else is thrown. */
async function attempt(work: () => Promise<unknown>): Promise<OrchestraError | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (isOrchestraError(error, 'ORC_STORE_DENIED') || isOrchestraError(error, 'ORC_CAPTURE_DENIED'))
      return error
    throw error
  }
}

async function ownerOf(db: Queryable, schema: string): Promise<string> {
  const [row] = await db.query<{ owner: string }>(
    'select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = $1',
    [schema],
  )
  return row?.owner ?? 'a superuser'
}

/** Roles belong to all databases of a server: others may still need it. */
async function roleLeft(db: Queryable): Promise<string[]> {
  const [row] = await db.query<{ exists: boolean }>('select to_regrole($1) is not null as exists', [
    CAPTURE_ROLE,
  ])
  return row?.exists ? [`drop role ${CAPTURE_ROLE}; -- as a superuser, if no other database uses it`] : []
}

function stillWorking(workers: readonly string[]): OrchestraError {
  return new OrchestraError('ORC_WORKER_ALIVE', `Workers run: ${workers.join(', ')}`, {
    hint: 'Stop them first, or they install everything again; --force goes on all the same',
  })
}
