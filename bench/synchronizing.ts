import type { Store } from '../packages/orchestra/src/store/index.ts'
import { requestSync } from '../packages/orchestra/src/sync/index.ts'
import type { BenchHost } from './hosts.ts'
import type { Stage } from './stage.ts'

/** Milliseconds between looks at whether a synchronization has ended. */
const LOOK = 10

/** Objects of one host that nobody has heard of yet. */
export async function fill(store: Store, host: BenchHost, objects: number): Promise<void> {
  await changeSilently(
    store,
    `insert into page select id, '${host.target.name}', 'page ' || id from generate_series(1, ${objects}) id`,
  )
}

/** Changes that capture does not see: all the work is the synchronization's. */
export async function changeSilently(store: Store, statement: string): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.query('set local session_replication_role = replica')
    await tx.query(statement)
  })
  await store.query('analyze page')
}

/** From the request until the synchronization and all that it asked for have ended. */
export async function synchronize({ store }: Stage, mode: 'check' | 'sync'): Promise<void> {
  const { id } = await requestSync(store, { mode, actor: 'bench', source: 'bench' })
  for (;;) {
    const [row] = await store.query<{ state: string; open: boolean }>(
      `select s.state, s.ended_at is null or exists (
         select from orchestra.change c where c.unit_id = s.unit_id) or exists (
         select from orchestra.operation o where o.state in ('waiting', 'running')) as open
       from orchestra.sync s where id = $1`,
      [id],
    )
    if (row?.open === false) {
      if (row.state !== 'done') throw new Error(`the synchronization ended as ${row.state}`)
      return
    }
    await new Promise((wake) => setTimeout(wake, LOOK))
  }
}
