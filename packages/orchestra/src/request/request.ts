import type { Config } from '../config/config.ts'
import { formatKey, parseObject } from '../config/key.ts'
import { backendNamed, modelNamed } from '../config/names.ts'
import { OrchestraError } from '../errors.ts'
import { syncEnded } from '../events/index.ts'
import { audit, getServer } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { SYNC_COLUMNS, type SyncMode, type SyncRow, toSyncRow } from './sync.ts'

/** What a synchronization, a plan or a check is about: what matches all that is given. */
export interface SyncSelector {
  server?: string | undefined
  backend?: string | undefined
  /** `model:key`. */
  object?: string | undefined
  /** All objects of a model. */
  model?: string | undefined
}

export interface SyncRequest extends SyncSelector {
  mode: SyncMode
  /** How many objects of one backend on one server it may remove; default the usual bound. */
  allowDeletes?: number | undefined
  /** Whether the servers are asked; default true. Without, only the database is compared with what was placed. */
  inspects?: boolean | undefined
  actor: string | null
  source: string
}

/**
 * Asks the workers for a synchronization. One for the same that has not begun yet is that one, and begins when
 * whoever asks has committed. Callers check names of backends and
 * models with `checkSelector`, which needs the configuration.
 * @throws OrchestraError ORC_SERVER_UNKNOWN, ORC_USAGE
 */
export async function requestSync(db: Queryable, request: SyncRequest): Promise<SyncRow> {
  const server = request.server === undefined ? undefined : await getServer(db, request.server)
  const object = request.object === undefined ? undefined : readObject(request.object)
  const [row] = await db.query<SyncRow>(requestSql, [
    request.mode,
    server?.id ?? null,
    request.backend ?? null,
    object?.model ?? request.model ?? null,
    object === undefined ? null : formatKey(object.key),
    object === undefined ? null : JSON.stringify(object.key),
    request.allowDeletes ?? null,
    request.inspects ?? true,
    request.actor,
    request.source,
  ])
  if (row === undefined) throw new OrchestraError('ORC_INTERNAL', 'A synchronization was not stored')
  await db.query(`select pg_notify('orchestra_control', 'sync')`)
  return toSyncRow(row)
}

const requestSql = `
with open as (
  select * from orchestra.sync
  where state = 'comparing' and started_at is null and mode = $1 and server_id is not distinct from $2::int and backend is not distinct from $3::text
    and model is not distinct from $4::text and object_key is not distinct from $5::text
    and allow_deletes is not distinct from $7::int and inspects = $8::boolean
  order by id limit 1 for share
), made as (
  insert into orchestra.sync (mode, server_id, backend, model, object_key, keys, allow_deletes, inspects, actor, source)
  select $1, $2::int, $3::text, $4::text, $5::text, $6::jsonb, $7::int, $8::boolean, $9::text, $10::text
  where not exists (select from open)
  returning *
)
select ${SYNC_COLUMNS} from (select * from open union all select * from made) as sync`

/**
 * Refuses a selector whose backend, model or object the configuration does not have, or whose object is of another model.
 * @throws OrchestraError ORC_BACKEND_UNKNOWN, ORC_MODEL_UNKNOWN, ORC_USAGE
 */
export function checkSelector(config: Config, { backend, object, model }: SyncSelector): void {
  if (backend !== undefined) backendNamed(config, backend)
  const named = object === undefined ? model : readObject(object).model
  if (named !== undefined) modelNamed(config, named)
  if (object !== undefined && model !== undefined && named !== model)
    throw new OrchestraError(
      'ORC_USAGE',
      `${JSON.stringify(object)} is no object of the model ${JSON.stringify(model)}`,
      {
        hint: 'Name the object alone: its model is what stands before the colon',
      },
    )
}

/** A selector's names as they are stored. */
export function asNamed({ backend, object, model }: SyncSelector): {
  backend: string | null
  model: string | null
  objectKey: string | null
} {
  const named = object === undefined ? undefined : readObject(object)
  return {
    backend: backend ?? null,
    model: named?.model ?? model ?? null,
    objectKey: named === undefined ? null : formatKey(named.key),
  }
}

function readObject(text: string) {
  const object = parseObject(text)
  if (object !== undefined) return object
  throw new OrchestraError('ORC_USAGE', `${JSON.stringify(text)} names no object`, {
    hint: 'Write MODEL:KEY, for example site:12; the parts of a composite key are joined by commas',
  })
}

/** Ends a synchronization where it is; what it recorded already is done. Answers whether it was open. */
export async function cancelSync(store: Store, id: number, by: string): Promise<boolean> {
  return store.transaction(async (tx) => {
    const ended = await tx.query(
      `with ended as (
         update orchestra.sync set state = 'cancelled', error = 'cancelled by ' || $2::text, ended_at = now()
         where id = $1 and ended_at is null returning id, state
       ), told as (${syncEnded('ended')})
       select id from ended`,
      [id, by],
    )
    if (ended.length === 0) return false
    await tx.query(
      `update orchestra.inspection set state = 'cancelled', ended_at = now() where sync_id = $1 and ended_at is null`,
      [id],
    )
    await tx.query('delete from orchestra.sync_removal where sync_id = $1', [id])
    await audit(tx, { by, action: 'sync.cancel', target: `sync ${id}` })
    await tx.query(`select pg_notify('orchestra_control', 'sync'), pg_notify('orchestra_settled', '')`)
    return true
  })
}
