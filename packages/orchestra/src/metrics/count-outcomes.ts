import { readEvents } from '../events/index.ts'
import type { Queryable, Store } from '../store/index.ts'

/**
 * Counts how operations ended that have ended since it was done last. Of several processes one does it. What a store of events holds
 * no more was never counted: nothing of it is told twice.
 */
export async function countOutcomes(store: Store): Promise<void> {
  while (await store.transaction(countSome));
}

/** Answers whether there is more. */
async function countSome(tx: Queryable): Promise<boolean> {
  const [at] = await tx.query<{ cursor: string }>(
    'select cursor from orchestra.outcome_cursor for update skip locked',
  )
  if (at === undefined) return false
  const { events, next, more } = await readEvents(tx, at.cursor)
  const ended = events.flatMap((event) =>
    event.kind === 'script-ended'
      ? Object.entries(event.outcomes).map(([outcome, operations]) => ({
          backend: event.backend,
          outcome,
          operations,
        }))
      : [],
  )
  if (ended.length > 0)
    await tx.query(COUNT, [
      ended.map(({ backend }) => backend),
      ended.map(({ outcome }) => outcome),
      ended.map(({ operations }) => operations),
    ])
  await tx.query('update orchestra.outcome_cursor set cursor = $1', [next])
  return more
}

const COUNT = `
insert into orchestra.outcome_total as t (backend, outcome, operations)
select backend, outcome, sum(operations) from unnest($1::text[], $2::text[], $3::bigint[]) as ended(backend, outcome, operations)
group by backend, outcome
on conflict (backend, outcome) do update set operations = t.operations + excluded.operations`
