import { often, type Queryable } from '../store/index.ts'
import type { UnitRow } from './collected.ts'

/**
 * Writes units before what was decided for them, in a statement of its own: whoever decides another part of one waits for nobody. One
 * of which nothing is decided yet has changes that wait.
 */
export async function writeUnits(db: Queryable, units: readonly UnitRow[]): Promise<void> {
  if (units.length === 0) return
  await db.query(
    often(
      `insert into orchestra.unit (id, actor, source, created_at, logins, trace)
       select id, actor, source, created_at, logins, trace
       from jsonb_to_recordset($1::jsonb) as row(id uuid, actor text, source text, created_at timestamptz, logins text[], trace text)
       order by id
       on conflict (id) do update set logins = array(select distinct unnest(unit.logins || excluded.logins) order by 1)
       where not unit.logins @> excluded.logins`,
    ),
    [JSON.stringify(units.map(({ createdAt, ...unit }) => ({ ...unit, created_at: createdAt })))],
  )
}
