import type { Queryable } from '../store/index.ts'

/** A unit of work of which nothing but its changes is known so far. */
export interface NotedUnit {
  id: string
  actor: string | null
  source: string | null
  at: Date
  logins: readonly string[]
}

/** Units whose changes lead to a comparison and to nothing of their own: they are known all the same. */
export async function noteUnits(tx: Queryable, units: readonly NotedUnit[]): Promise<void> {
  if (units.length === 0) return
  await tx.query(
    `insert into orchestra.unit (id, actor, source, created_at, logins)
     select id, actor, source, at, logins
     from jsonb_to_recordset($1::jsonb) as row(id uuid, actor text, source text, at timestamptz, logins text[])
     on conflict (id) do nothing`,
    [JSON.stringify(units)],
  )
}

/** Those of the models of which an object stands somewhere, or is to. */
export async function placedModels(db: Queryable, models: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ model: string }>(
    `select model from unnest($1::text[]) as wanted(model)
     where exists (select from orchestra.placement p where p.model = wanted.model)`,
    [models],
  )
  return new Set(rows.map(({ model }) => model))
}
