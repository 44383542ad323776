import { fromSnapshot } from '../collector/index.ts'
import { messageOf, OrchestraError } from '../errors.ts'
import { foundState } from '../operations/found-state.ts'
import { type Objects, Secret } from '../script/index.ts'
import type { Content } from '../script/rendered.ts'
import { redactFor } from '../secrets/redact.ts'
import type { Queryable } from '../store/index.ts'
import type { Keyring } from '../store/keyring.ts'
import { ofSelection, type Span, valuesOf } from './selection.ts'

const OBJECTS_A_PAGE = 1_000

/** What a server has of a backend. */
export interface Stock {
  serverId: number
  backend: string
  model: string
}

interface Row {
  key_hash: string
  object_key: string
  snapshot: unknown
}

/**
 * The objects that a server has once the selected operations have succeeded, page by page: what was applied last, in its place
 * the state that an operation brings, and nothing where one deletes it.
 */
export function objectsAfter(db: Queryable, keyring: Keyring, selection: Span): Objects<never> {
  return objects(selection.model, keyring, (after) =>
    db.query<Row>(afterSql, [after, ...valuesOf(selection), selection.model]),
  )
}

/** The objects that a server has by what was applied last. */
export function objectsApplied(db: Queryable, keyring: Keyring, stock: Stock): Objects<never> {
  return objects(stock.model, keyring, (after) =>
    db.query<Row>(appliedSql, [after, stock.serverId, stock.backend, stock.model]),
  )
}

function objects(model: string, keyring: Keyring, page: (after: string) => Promise<Row[]>): Objects<never> {
  return {
    map: (write) => ({
      kind: 'streamed',
      async *pieces() {
        for (let after = beforeAll; ; ) {
          const rows = await page(after)
          for (const row of rows) yield* written(model, row, keyring, write)
          const last = rows.at(-1)
          if (last === undefined || rows.length < OBJECTS_A_PAGE) return
          after = last.key_hash
        }
      },
    }),
  }
}

/** No object's hash is below it, and none is it. */
const beforeAll = '00000000-0000-0000-0000-000000000000'

/** What was applied once must be written again: leaving it out would remove it from the server. */
function written(
  model: string,
  row: Row,
  keyring: Keyring,
  write: (object: never) => Content | readonly Content[],
): readonly Content[] {
  let secrets: readonly Secret[] = []
  try {
    const object = fromSnapshot(row.snapshot, keyring.for(model, row.object_key)) as Record<string, unknown>
    secrets = Object.values(object).filter((value) => value instanceof Secret)
    return [write(object as never)].flat() as Content[]
  } catch (error) {
    const why = redactFor(secrets, messageOf(error))
    throw new OrchestraError(
      'ORC_BACKEND_THREW',
      `${model}:${row.object_key} stands on the server and cannot be written any more: ${why}`,
      { hint: 'Correct the backend or the object; until then the whole configuration stays as it is' },
    )
  }
}

const afterSql = `
select p.key_hash, p.object_key, coalesce(o.snapshot, p.snapshot) as snapshot
from orchestra.placement p
left join lateral (
  select o.action, o.snapshot from orchestra.operation o
  where o.key_hash = p.key_hash and o.model = p.model and ${foundState('o')} = 'running' and ${ofSelection('o', 2)}
  order by o.id desc limit 1
) o on true
where p.server_id = $2 and p.backend = $3 and p.model = $7 and p.key_hash > $1::uuid
  and coalesce(o.action <> 'delete', p.applied_at is not null)
order by p.key_hash limit ${OBJECTS_A_PAGE}`

const appliedSql = `
select p.key_hash, p.object_key, p.snapshot from orchestra.placement p
where p.server_id = $2 and p.backend = $3 and p.model = $4 and p.key_hash > $1::uuid and p.applied_at is not null
order by p.key_hash limit ${OBJECTS_A_PAGE}`
