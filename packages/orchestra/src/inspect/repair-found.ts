import { saveAgain } from '../collector/save-again.ts'
import type { Key } from '../config/model.ts'
import type { Queryable } from '../store/index.ts'
import { type CauseFilter, findingsThatFit, MOST_NAMED } from './causes.ts'

/** On whose behalf something is put right, and of which backends anybody here knows how. */
export interface Repairing {
  unitId: string
  actor: string
  source: string
  backends: readonly string[]
}

/** What a repair does, or would do. */
export interface Repair {
  /** Findings that go by it. */
  findings: number
  /** Objects that are saved again, each on each server. */
  saves: number
  /** The first of them. */
  objects: string[]
  /** Findings that fit and that it leaves: what is not ours, what would have to be removed, what nobody could look at. */
  left: number
}

/** Saves in one repair; what is beyond is left to the next. */
export const MOST_REPAIRED = 100_000

interface Row {
  server_id: number
  backend: string
  model: string
  keys: Key
  name: string
  findings: number
}

/**
 * Has what differs or is missing saved again from the present rows; nothing is removed. Whatever came between the look and now, no older
 * state is written. Runs inside a transaction; without `repairing` it only tells.
 */
export async function repairFound(
  tx: Queryable,
  filter: CauseFilter,
  backends: readonly string[],
  repairing?: Omit<Repairing, 'backends'>,
): Promise<Repair> {
  const rows = await toSave(tx, filter, backends)
  if (repairing !== undefined) {
    const places = Map.groupBy(rows, (row) => JSON.stringify([row.server_id, row.backend, row.model]))
    for (const own of places.values()) {
      const [{ server_id: serverId, backend, model }] = own as [Row, ...Row[]]
      await saveAgain(
        tx,
        { ...repairing, serverId, backend },
        model,
        own.map(({ keys }) => keys),
      )
    }
  }
  const findings = rows.reduce((sum, row) => sum + row.findings, 0)
  return {
    findings,
    saves: rows.length,
    objects: [...new Set(rows.map(({ name }) => name))].slice(0, MOST_NAMED),
    left: (await countFitting(tx, filter)) - findings,
  }
}

/** What is made of all objects together is written again by any one of them. */
async function toSave(db: Queryable, filter: CauseFilter, backends: readonly string[]): Promise<Row[]> {
  const values: unknown[] = [MOST_REPAIRED, backends]
  return db.query<Row>(
    `with fitting as (${findingsThatFit(filter, values)}), wrong as (
       select * from fitting where state in ('drifted', 'missing') and backend = any($2::text[])
     ), together as (
       select server_id, backend, min(id) as id, count(*)::int as findings from wrong where object_key is null
       group by server_id, backend
     )
     select w.server_id, w.backend, p.model, p.keys, w.name, 1 as findings, w.id
     from wrong w join orchestra.placement p on p.key_hash = md5(w.object_key)::uuid and p.model = w.model
       and p.backend = w.backend and p.server_id = w.server_id and p.state = 'applied'
     union all
     select t.server_id, t.backend, p.model, p.keys, p.model || ':' || p.object_key, t.findings, t.id
     from together t cross join lateral (
       select p.model, p.keys, p.object_key from orchestra.placement p
       where p.server_id = t.server_id and p.backend = t.backend and p.state = 'applied' limit 1) p
     order by id limit $1`,
    values,
  )
}

async function countFitting(db: Queryable, filter: CauseFilter): Promise<number> {
  const values: unknown[] = []
  const fitting = findingsThatFit(filter, values)
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from (${fitting}) fitting`,
    values,
  )
  return row?.count ?? 0
}
