import type { Queryable, Store } from '../store/index.ts'
import { requestSync } from '../sync/request.ts'
import { quoteTableName } from './table-name.ts'
import type { Watch } from './watch.ts'

const SETTING = 'capture'

/** What a watch's triggers are by now; null when it has none. */
type Marks = Record<string, string | null>

/**
 * Notices rows that are older than their capture, and triggers that have been off since this was last asked: disabled for a while,
 * lost with a table that was recreated, or restored from a dump. Nobody knows what was changed then, so the objects of those models
 * are compared with what stands. Postgres writes a trigger's row anew each time it is enabled or disabled, which its `xmin` shows
 * even when it is on again by now.
 * @returns the models that are compared
 */
export async function noticeGaps(store: Store, watches: readonly Watch[]): Promise<string[]> {
  const marks = await readMarks(store, watches)
  const [known] = await store.query<{ value: Marks }>('select value from orchestra.setting where name = $1', [
    SETTING,
  ])
  if (known !== undefined && isSame(known.value, marks)) return []
  const before = known?.value ?? {}
  const gone = watches.filter(({ name }) => Object.hasOwn(before, name) && before[name] !== marks[name])
  const fresh = watches.filter(({ name }) => !Object.hasOwn(before, name))
  const models = modelsOf([...gone, ...(await withRows(store, fresh))])
  await store.transaction(async (tx) => {
    for (const model of models)
      await requestSync(tx, { mode: 'sync', model, inspects: false, actor: null, source: 'capture' })
    await tx.query(
      `insert into orchestra.setting (name, value) values ($1, $2)
       on conflict (name) do update set value = excluded.value`,
      [SETTING, JSON.stringify(marks)],
    )
  })
  return models
}

/** Of what is watched for the first time, what was there before. */
async function withRows(db: Queryable, watches: readonly Watch[]): Promise<Watch[]> {
  const found: Watch[] = []
  for (const watch of watches) {
    const [row] = await db.query<{ some: boolean }>(
      `select exists (select from ${quoteTableName(watch.table)})
         or exists (select from orchestra.placement where model = $1) as some`,
      [watch.model],
    )
    if (row?.some === true) found.push(watch)
  }
  return found
}

async function readMarks(db: Queryable, watches: readonly Watch[]): Promise<Marks> {
  const rows = await db.query<{ name: string; mark: string | null }>(
    `select wanted.name, (
       select string_agg(concat_ws(':', t.tgrelid, t.oid, t.xmin), ' ' order by t.oid)
       from pg_trigger t join pg_proc p on p.oid = t.tgfoid
       where p.pronamespace = to_regnamespace('orchestra') and p.proname = wanted.name and not t.tgisinternal
     ) as mark
     from unnest($1::text[]) as wanted(name)`,
    [watches.map(({ name }) => name)],
  )
  return Object.fromEntries(rows.map(({ name, mark }) => [name, mark]))
}

function isSame(known: Marks, marks: Marks): boolean {
  const names = Object.keys(marks)
  return names.length === Object.keys(known).length && names.every((name) => known[name] === marks[name])
}

function modelsOf(watches: readonly Watch[]): string[] {
  return [...new Set(watches.map(({ model }) => model))]
}
