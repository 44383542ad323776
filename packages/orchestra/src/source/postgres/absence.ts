import { quoteTable, watchesOf } from '../../capture/index.ts'
import type { Model } from '../../config/model.ts'
import { hiddenHint } from '../hidden.ts'
import type { Absence } from '../source.ts'
import type { Reader } from './reader.ts'
import type { FoundTable } from './table.ts'

/** What speaks for and against a row being gone that a table does not have. */
interface Evidence {
  /** What the model calls the table, and what that led to. */
  wanted: string
  table: string
  /** The name leads there still, after it was read. */
  isSame: boolean
  isFiltered: boolean
  /** Changes of this table are captured for the model. */
  isWatched: boolean
  /** It was when the triggers were looked at last: a table that a dump restored brings them along before it has its rows. */
  isKnown: boolean
  /** Other tables whose changes are captured for it, that are no part of this one. */
  others: readonly string[]
}

/** A row is gone only if the table that was read is the one that the model's changes come from, and the only one. */
function judgeAbsence(evidence: Evidence): Absence {
  const { wanted, table, isSame, isFiltered, isWatched, isKnown, others } = evidence
  if (isFiltered) return unknown(`row level security may hide rows of ${table}. ${hiddenHint}`)
  if (!isSame) return unknown(`the name ${wanted} did not lead to ${table} any more when it had been read`)
  if (others.length > 0)
    return unknown(
      `${wanted} leads to ${table}, but changes are captured of ${others.join(', ')}${isWatched ? ' too' : ''}. Rename the table ` +
        'back or correct the search path; if the new table is right, `orchestra up` captures it',
    )
  if (isWatched && isKnown) return { kind: 'gone' }
  if (isWatched)
    return unknown(
      `${table} is another table than when its triggers were looked at last. \`orchestra up\` looks at once, a worker within a minute`,
    )
  return unknown(
    `changes of ${table} are not captured, so its rows may be in another table. \`orchestra up\` captures it`,
  )
}

function unknown(reason: string): Absence {
  return { kind: 'unknown', reason: `It was not found, which does not mean that it is gone: ${reason}` }
}

/** To be asked in the transaction that has read the table: from then on nobody can rename it. */
export async function absenceIn(table: FoundTable, model: Model, reader: Reader): Promise<Absence> {
  const [watch] = watchesOf(model)
  const [found] = await reader.query<Pick<Evidence, 'isSame' | 'isWatched' | 'isKnown' | 'others'>>(
    EVIDENCE,
    [table.oid, quoteTable(model.table ?? ''), watch?.name ?? ''],
  )
  return judgeAbsence({
    wanted: model.table ?? '',
    table: table.name,
    isFiltered: table.isFiltered,
    isSame: found?.isSame === true,
    isWatched: found?.isWatched === true,
    isKnown: found?.isKnown === true,
    others: found?.others ?? [],
  })
}

const EVIDENCE = `
with recursive tree as (
  select $1::oid as oid
  union
  -- What DETACH ... CONCURRENTLY has not ended with is read no more, and is written to.
  select i.inhrelid from tree join pg_catalog.pg_inherits i on i.inhparent = tree.oid where not i.inhdetachpending
), watched as (
  select distinct t.tgrelid as oid
  from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
  where p.pronamespace = pg_catalog.to_regnamespace('orchestra') and p.proname = $3 and not t.tgisinternal
)
select coalesce(pg_catalog.to_regclass($2)::oid = $1::oid, false) as "isSame",
  exists (select from watched where oid = $1::oid) as "isWatched",
  coalesce((
    select ' ' || (value operator(pg_catalog.->>) $3::text) like '% ' || $1::text || ':%' from orchestra.setting where name = 'capture'
  ), false) as "isKnown",
  array(
    select pg_catalog.format('%I.%I', n.nspname, c.relname) from watched
    join pg_catalog.pg_class c on c.oid = watched.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where watched.oid not in (select oid from tree) order by 1
  ) as others`
