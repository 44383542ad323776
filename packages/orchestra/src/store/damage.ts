import { OrchestraError } from '../errors.ts'
import { migrations } from './migrations/index.ts'
import type { Queryable } from './store.ts'

/** What something else than Orchestra has dropped from schema `orchestra`. */
export interface Damage {
  /** What only people or the servers themselves could tell again. */
  lost: string[]
  /** What can be made anew: a comparison finds again what it held, or it was history. */
  remakable: string[]
}

/**
 * Without the routes, every object would belong nowhere and be deleted where it stands; without the placements, what was deleted
 * would stay for ever; and the settings hold the pause. So these are never replaced by empty ones.
 */
const precious = ['migration', 'setting', 'server', 'route', 'placement', 'protection', 'transfer']

/** Tables and sequences that a schema of a version has, read from the migrations that make them. */
function relationsOf(version: number): string[] {
  const texts = migrations.slice(0, version)
  const all = (pattern: RegExp) =>
    texts.flatMap(({ sql }) => [...sql.matchAll(pattern)].flatMap(([, name]) => name ?? []))
  const made = all(/^create (?:table|sequence) orchestra\.(\w+)/gm)
  const dropped = all(/^drop table orchestra\.(\w+)/gm)
  return ['migration', ...made.filter((name) => !dropped.includes(name))]
}

/** What is gone of a schema of this version; a version of 0 is nothing, or a schema whose own table of versions is gone. */
export async function damageOf(db: Queryable, version: number): Promise<Damage> {
  if (version === 0 && !(await wasThere(db))) return { lost: [], remakable: [] }
  const wanted = relationsOf(version === 0 ? migrations.length : version)
  const rows = await db.query<{ name: string }>(
    `select name from unnest($1::text[]) with ordinality as wanted(name, position)
     where to_regclass(format('orchestra.%I', name)) is null order by position`,
    [wanted],
  )
  const gone = rows.map(({ name }) => name)
  return {
    lost: gone.filter((name) => precious.includes(name)),
    remakable: gone.filter((name) => !precious.includes(name)),
  }
}

/**
 * What a tool leaves that drops tables: trigger functions, the wake-ups' tables, tables that it could not drop. Empty schemas are what
 * an owner prepares before the first start.
 */
async function wasThere(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ found: boolean }>(
    `select exists (select from pg_proc where pronamespace = to_regnamespace('orchestra') and proname like 'capture\\_%')
       or exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('orchestra', 'orchestra_boss') and c.relkind in ('r', 'p')) as found`,
  )
  return row?.found === true
}

/** @throws OrchestraError ORC_STORE_DAMAGED */
export async function assertWhole(db: Queryable, version: number): Promise<void> {
  const damage = await damageOf(db, version)
  assertNothingLost(damage)
  if (damage.remakable.length === 0) return
  throw new OrchestraError('ORC_STORE_DAMAGED', `${say(damage.remakable)} gone from schema "orchestra"`, {
    hint: '`orchestra up` makes them again and compares everything; see docs/migration-tools.md for what keeps a migration tool from dropping them',
  })
}

/** @throws OrchestraError ORC_STORE_DAMAGED */
export function assertNothingLost({ lost }: Damage): void {
  if (lost.length === 0) return
  throw new OrchestraError(
    'ORC_STORE_DAMAGED',
    `${say(lost)} gone from schema "orchestra", and nothing else in the database knows what they held: nothing is done on servers until they are back`,
    {
      hint: 'Restore them from a backup (`pg_restore --schema orchestra`). Without one, begin anew: `drop schema orchestra cascade; drop schema orchestra_boss cascade`, then `orchestra up`, and add servers and routes again',
    },
  )
}

function say(names: readonly string[]): string {
  return names.length === 1 ? `Table ${names[0]} is` : `Tables ${names.join(', ')} are`
}
