import { randomUUID } from 'node:crypto'
import { lockOpenOperations } from '../places/index.ts'
import { audit } from '../server/index.ts'
import { type AskedChange, changesIn } from '../source/index.ts'
import { givingWay, type Narrowing, narrowed, type Queryable, type Store } from '../store/index.ts'
import { conditionOf, type Meant, targetName, type WorkTarget, within } from './target.ts'

/** How much was set in motion. */
export interface Retried {
  /** Operations that waited for their next try and are due now. */
  hastened: number
  /** Objects whose operations had ended, which are looked at anew. */
  lookedAtAgain: number
}

/**
 * Makes what waits for a next try due at once. Ended operations of the target are done anew from the present state of their
 * objects, never from an old snapshot.
 */
export async function retry(
  store: Store,
  target: WorkTarget | 'failed',
  by: string,
  reached?: Narrowing,
): Promise<Retried> {
  return givingWay(store, async (tx) => {
    const { condition, values } = within(target === 'failed' ? everyFailure : conditionOf(target), reached)
    const hastened = await hasten(tx, condition, values)
    await hastenTransfers(tx, target, reached)
    const lookedAtAgain = target === 'failed' ? 0 : await lookAgain(tx, { condition, values }, reached)
    const name = target === 'failed' ? 'failed' : targetName(target)
    await audit(tx, { by, action: 'retry', target: name, detail: { hastened, lookedAtAgain } })
    await tx.query(`select pg_notify('orchestra_change', ''), pg_notify('orchestra_control', 'retry')`)
    return { hastened, lookedAtAgain }
  })
}

const everyFailure = {
  condition: '($1::text is null and $2::text is null and o.outcome is not null)',
  values: [null, null],
}

async function hasten(tx: Queryable, condition: string, values: readonly unknown[]): Promise<number> {
  const open = await lockOpenOperations(tx, condition, values)
  const rows = await tx.query<{ id: number; server_id: number | null }>(
    `update orchestra.operation o set due_at = '-infinity' where o.state = 'waiting' and o.id = any($1::bigint[])
     returning o.id, o.server_id`,
    [open],
  )
  await tx.query(
    `update orchestra.placement p set due_at = '-infinity', wait = null from orchestra.operation o
     where o.id = any($1::bigint[]) and p.operation_id = o.id and p.key_hash = o.key_hash and p.model = o.model
       and p.backend = o.backend and p.server_id = o.server_id`,
    [rows.map((row) => row.id)],
  )
  const serverIds = [...new Set(rows.flatMap((row) => (row.server_id === null ? [] : [row.server_id])))]
  await tx.query(`update orchestra.lane set due_at = '-infinity' where server_id = any($1::int[])`, [
    serverIds,
  ])
  return rows.length
}

/** Data on its way belongs to an object; a log or a unit names none. */
async function hastenTransfers(
  tx: Queryable,
  target: WorkTarget | 'failed',
  reached: Narrowing | undefined,
): Promise<void> {
  if (target !== 'failed' && target.kind !== 'object') return
  const values: unknown[] = target === 'failed' ? [null, null] : [target.model, target.key]
  const seen = narrowed(reached, 'transfer', 't', values)
  await tx.query(
    `update orchestra.transfer t set due_at = '-infinity' where t.ended_at is null
       and ($1::text is null or (t.model = $1 and t.key_hash = md5($2::text)::uuid)) and ${seen}`,
    values,
  )
}

/** An object that stands where whoever asks may do nothing as well is not looked at: it would be tried there too. */
async function lookAgain(tx: Queryable, meant: Meant, reached: Narrowing | undefined): Promise<number> {
  const values = [...meant.values]
  const elsewhere = `select from orchestra.placement e where e.key_hash = o.key_hash and e.model = o.model
    and (${narrowed(reached, 'placement', 'e', values)}) is not true`
  const isWithin = reached === undefined ? 'true' : `not exists (${elsewhere})`
  const ended = await tx.query<Pick<AskedChange, 'model' | 'action' | 'keys'>>(
    `select model, action, jsonb_agg(keys) as keys from (
       select distinct o.model, o.keys, case when o.action = 'delete' then 'save' else o.action end as action
       from orchestra.operation o
       where ${meant.condition} and ${isWithin} and o.state = 'done' and not exists (
         select from orchestra.operation w where w.key_hash = o.key_hash and w.model = o.model and w.state = 'waiting')
     ) ended group by model, action`,
    values,
  )
  await changesIn(tx).ask(
    ended.map((one) => ({ ...one, unitId: randomUUID(), actor: null, source: 'retry' })),
  )
  return ended.reduce((sum, { keys }) => sum + keys.length, 0)
}
