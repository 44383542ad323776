import { OrchestraError } from '../errors.ts'
import { toExactJson } from '../source/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { keyOf, MOST_OPEN, type RequestedWork, WAITS_MINUTES } from './request.ts'

export interface NewRequest extends Omit<RequestedWork, 'id'> {
  repeatable: boolean
}

/**
 * Leaves something to a worker.
 * @throws OrchestraError ORC_REQUEST_LIMIT
 */
export function addRequest(store: Store, request: NewRequest): Promise<number> {
  return store.transaction((tx) => insertRequest(tx, request))
}

/** The same inside of a transaction. */
export async function insertRequest(
  tx: Queryable,
  { verb, input, agrees, asker, repeatable, versions }: NewRequest,
): Promise<number> {
  const key = keyOf(asker)
  // Two that ask at once for one do not both see room for the last.
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`orchestra request ${key}`])
  const [row] = await tx.query<{ id: number | null }>(ADD, [
    verb,
    toExactJson(input),
    agrees,
    JSON.stringify(asker),
    key,
    repeatable,
    MOST_OPEN,
    WAITS_MINUTES,
    versions ?? null,
  ])
  if (row === undefined) throw tooMany()
  await tx.query(`select pg_notify('orchestra_control', 'requests')`)
  return row.id ?? 0
}

function tooMany(): OrchestraError {
  return new OrchestraError('ORC_REQUEST_LIMIT', `${MOST_OPEN} requests of yours have not ended`, {
    hint: 'Wait for some, or cancel them: `orchestra request list`',
  })
}

const ADD = `
insert into orchestra.request (verb, input, agrees, asker, asker_key, repeatable, expires_at, versions)
select $1, $2, $3, $4, $5, $6, now() + $8 * interval '1 minute', $9
where (select count(*) from orchestra.request where asker_key = $5 and ended_at is null) < $7
returning id`
