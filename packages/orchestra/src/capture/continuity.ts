import { type NotedUnit, noteUnits, placedModels } from '../request/noted.ts'
import { noteReplaced } from '../request/replaced.ts'
import { requestSync } from '../request/request.ts'
import { type Queryable, readSetting, type Store, writeSetting } from '../store/index.ts'
import { tableOid } from './catalog.ts'
import type { Watch } from './watch.ts'

const SETTING = 'capture'
/** No watch's name. A store that was restored is another, and so are all tables beside it. */
const STORE = 'store'

/** By watch what its triggers are by now; null when it never had any. */
type Marks = Record<string, string | null>

/**
 * Notices rows that are older than their capture, and triggers that have been off since this was last asked: disabled for a while,
 * lost with a table that was recreated, or restored from a dump. Nobody knows what was changed then, so the objects of those models
 * are compared with what stands. Postgres writes a trigger's row anew each time it is enabled or disabled, which its `xmin` shows
 * even when it is on again by now. What a trigger could not tell is compared as soon as its model is captured as it is defined.
 * @param standing those of the watches that are captured as they are defined
 * @returns the models that are compared
 */
export async function noticeGaps(
  store: Store,
  watches: readonly Watch[],
  standing: readonly Watch[],
): Promise<string[]> {
  const told = await toldToCompare(store, modelsOf(standing))
  const before = await readSetting<Marks>(store, SETTING)
  const { marks, roots } = await readMarks(store, watches, before)
  if (told.length === 0 && before !== undefined && isSame(before, marks)) return []
  const known = before ?? {}
  const gone = watches.filter(({ name }) => Object.hasOwn(known, name) && known[name] !== marks[name])
  const fresh = watches.filter(({ name }) => !Object.hasOwn(known, name))
  const models = [...new Set([...told, ...modelsOf([...gone, ...(await withRows(store, fresh))])])]
  const isRestored = known[STORE] !== marks[STORE]
  const replaced = isRestored ? [] : gone.filter(({ name }) => isReplaced(known[name], roots.get(name)))
  await store.transaction(async (tx) => {
    await noteUnits(tx, await forgetTold(tx, told))
    await noteReplaced(tx, modelsOf(replaced))
    for (const model of models)
      await requestSync(tx, { mode: 'sync', model, inspects: false, actor: null, source: 'capture' })
    // Of what is watched here no more, another worker may watch, or will: it notices then what it missed.
    await writeSetting(tx, SETTING, { ...known, ...marks })
  })
  return models
}

/** Models of which a trigger said that it could not tell what changed. */
async function toldToCompare(db: Queryable, models: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ model: string }>(
    `select distinct model from orchestra.change where action = 'compare' and model = any($1::text[])`,
    [models],
  )
  return rows.map(({ model }) => model)
}

/** Answers their units, which have nothing else to wait for. */
async function forgetTold(tx: Queryable, models: readonly string[]): Promise<NotedUnit[]> {
  if (models.length === 0) return []
  return tx.query<NotedUnit>(
    `with told as (
       delete from orchestra.change where action = 'compare' and model = any($1::text[])
       returning unit_id, actor, source, at, login
     )
     select unit_id as id, left(min(actor), 1000) as actor, nullif(left(min(source), 1000), '') as source, min(at) as at,
       array_remove(array_agg(distinct login), null) as logins
     from told group by unit_id`,
    [models],
  )
}

/** Of what is watched for the first time, what was there before. */
async function withRows(db: Queryable, watches: readonly Watch[]): Promise<Watch[]> {
  const found: Watch[] = []
  const placed = await placedModels(db, modelsOf(watches))
  for (const watch of watches)
    if (placed.has(watch.model) || (await mayHaveRows(db, watch))) found.push(watch)
  return found
}

/** Without reading any: they may be many. */
async function mayHaveRows(db: Queryable, { table }: Watch): Promise<boolean> {
  const [row] = await db.query<{ some: boolean }>(
    `select coalesce(pg_relation_size(place.oid), 0) > 0 or exists (select from pg_inherits where inhparent = place.oid) as some
     from (select $1::text as schema, $2::text as name) wanted cross join lateral (select ${tableOid('wanted')} as oid) place`,
    [table.schema ?? null, table.name],
  )
  return row?.some === true
}

interface FoundMark {
  name: string
  mark: string | null
  root: number | null
}

async function readMarks(
  db: Queryable,
  watches: readonly Watch[],
  before: Marks | undefined,
): Promise<{ marks: Marks; roots: Map<string, number | null> }> {
  const rows = await db.query<FoundMark>(
    `select wanted.watch as name, ${tableOid('wanted')} as root, (
       select string_agg(concat_ws(':', t.tgrelid, t.oid, t.xmin), ' ' order by t.oid)
       from pg_trigger t join pg_proc p on p.oid = t.tgfoid
       where p.pronamespace = to_regnamespace('orchestra') and p.proname = wanted.watch and not t.tgisinternal
     ) as mark
     from unnest($1::text[], $2::text[], $3::text[]) as wanted(watch, schema, name)`,
    [
      watches.map(({ name }) => name),
      watches.map(({ table }) => table.schema ?? null),
      watches.map(({ table }) => table.name),
    ],
  )
  const [own] = await db.query<{ id: string }>(`select 'orchestra.setting'::regclass::oid::text as id`)
  const marks = rows.map(({ name, mark }) => [name, mark ?? lost(before?.[name])])
  return {
    marks: Object.fromEntries([[STORE, own?.id ?? null], ...marks]),
    roots: new Map(rows.map(({ name, root }) => [name, root])),
  }
}

const LOST = 'lost '

/** Of triggers that are gone, which table had them: another may come under its name. */
function lost(mark: string | null | undefined): string | null {
  if (mark === null || mark === undefined) return null
  return mark.startsWith(LOST) ? mark : `${LOST}${mark}`
}

/** Whether the name leads to another table than those that had the triggers. */
function isReplaced(mark: string | null | undefined, root: number | null | undefined): boolean {
  if (mark === null || mark === undefined || root === null || root === undefined) return false
  const tables = mark
    .replace(LOST, '')
    .split(' ')
    .map((trigger) => trigger.split(':', 1)[0])
  return !tables.includes(String(root))
}

function isSame(known: Marks, marks: Marks): boolean {
  return Object.keys(marks).every((name) => Object.hasOwn(known, name) && known[name] === marks[name])
}

function modelsOf(watches: readonly Watch[]): string[] {
  return [...new Set(watches.map(({ model }) => model))]
}
