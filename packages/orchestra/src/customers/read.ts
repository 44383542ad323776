import { formatKey } from '../config/key.ts'
import { sourceOf, type WaitingObject } from '../source/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import type { Claim } from './token.ts'

/** What is known of an object. */
export interface Known extends Standing {
  /** A committed change that nobody has looked at yet. */
  saved: WaitingObject | null
}

/** What the store knows of an object. */
interface Standing {
  wanted: number
  applied: number
  late: number
  leaving: number
  appliedAt: Date | null
  since: Date | null
  undecided: boolean
}

/** One for each object of a claim, in its order. */
export async function readKnown(store: Store, { objects }: Pick<Claim, 'objects'>): Promise<Known[]> {
  // What is not there any more is in the store.
  const waiting = await sourceOf(store).changes.waitingOf(objects)
  const standings = await readStandings(store, objects)
  return standings.map((standing, n) => ({ ...standing, saved: waiting[n] ?? null }))
}

function readStandings(db: Queryable, objects: Claim['objects']): Promise<Standing[]> {
  const asked = objects.map(({ model, key }, n) => ({ n, model, text: formatKey(key) }))
  return db.query<Standing>(STANDINGS, [JSON.stringify(asked)])
}

const STANDINGS = `
with asked as (select * from jsonb_to_recordset($1::jsonb) as asked(n integer, model text, text text))
select coalesce(p.wanted, 0) as wanted, coalesce(p.applied, 0) as applied, coalesce(p.late, 0) as late,
  coalesce(p.leaving, 0) as leaving, p.applied_at as "appliedAt", o.since, coalesce(o.undecided, false) as undecided
from asked
left join lateral (
  select count(*) filter (where want = 'stand') as wanted,
    count(*) filter (where want = 'stand' and state = 'applied') as applied,
    count(*) filter (where want = 'stand' and state <> 'applied' and (attempt > 0 or held or not open)) as late,
    count(*) filter (where want = 'leave' and open) as leaving, max(applied_at) as applied_at
  from orchestra.placement where key_hash = md5(asked.text)::uuid and object_key = asked.text and model = asked.model
) p on true
left join lateral (
  select min(created_at) as since, bool_or(server_id is null or backend is null) as undecided
  from orchestra.operation where key_hash = md5(asked.text)::uuid and object_key = asked.text and model = asked.model
    and (state || '') in ('waiting', 'running')
) o on true
order by asked.n`
