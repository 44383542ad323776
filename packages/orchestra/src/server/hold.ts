import { checkOptions } from '../options.ts'
import type { Queryable, Store } from '../store/index.ts'
import { announce, audit } from './control.ts'
import { type Doer, doerNames, doerOf } from './doer.ts'
import { oneServer, wakeLane } from './registry.ts'
import type { ServerRow } from './server.ts'

export interface HoldOptions extends Doer {
  reason?: string | undefined
  /** When it ends by itself; default never. */
  until?: Date | undefined
}

/**
 * Lets the work of one server wait. A script that runs there already ends by itself.
 * @throws OrchestraError ORC_SERVER_UNKNOWN
 */
export async function holdServer(store: Store, name: string, options: HoldOptions = {}): Promise<ServerRow> {
  checkOptions('holdServer()', options, { ...doerNames, reason: true, until: true })
  const by = doerOf(options)
  const { reason = null, until = null } = options
  return store.transaction(async (tx) => {
    const rows = await tx.query<ServerRow>(
      `update orchestra.server set held_at = now(), held_by = $2, held_reason = $3, held_until = $4, held_until_of = now()
       where name = $1 and removed_at is null returning *`,
      [name, by, reason, until],
    )
    const row = await oneServer(tx, rows, name)
    const detail = { reason, ...(until === null ? {} : { until: until.toISOString() }) }
    await audit(tx, { by, action: 'server.hold', target: name, detail })
    await announce(tx, `server:${row.id}`)
    return row
  })
}

/** Ends a hold; what waited is due at once. */
export async function releaseServer(store: Store, name: string, options: Doer = {}): Promise<ServerRow> {
  checkOptions('releaseServer()', options, doerNames)
  return store.transaction(async (tx) => {
    const rows = await tx.query<ServerRow>(
      `update orchestra.server set ${NOT_HELD} where name = $1 and removed_at is null returning *`,
      [name],
    )
    const row = await oneServer(tx, rows, name)
    await released(tx, row, options.by)
    return row
  })
}

/** Ends holds whose time is up. Of several workers that do so at once one does. */
export async function releaseOverdue(store: Store): Promise<void> {
  const overdue = await store.query('select from orchestra.server where hold_ends <= now() limit 1')
  if (overdue.length === 0) return
  await store.transaction(async (tx) => {
    const rows = await tx.query<ServerRow>(RELEASE_OVERDUE)
    for (const row of rows) await released(tx, row, 'orchestra')
  })
}

const NOT_HELD = 'held_at = null, held_by = null, held_reason = null, held_until = null'

const RELEASE_OVERDUE = `
update orchestra.server set ${NOT_HELD} where id in (
  select id from orchestra.server where hold_ends <= now() order by id for update skip locked) returning *`

async function released(tx: Queryable, { id, name }: ServerRow, by: string | undefined): Promise<void> {
  await wakeLane(tx, id)
  await audit(tx, { by, action: 'server.release', target: name })
  await announce(tx, `server:${id}`)
}
