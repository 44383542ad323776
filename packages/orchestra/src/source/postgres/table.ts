import { quoteTable } from '../../capture/index.ts'
import type { Model } from '../../config/model.ts'
import { OrchestraError } from '../../errors.ts'
import { often } from '../../store/index.ts'
import type { Reader } from './reader.ts'

/** A column of a model's key. */
export interface KeyColumn {
  name: string
  /** Its type without domains, qualified and quoted. */
  type: string
  isBuiltIn: boolean
  /** The schema of operators that compare it by code of Postgres or an extension; null where only its text may be compared. */
  operators: string | null
}

/** The table that a model's name leads to. */
export interface FoundTable {
  oid: number
  /** Qualified and quoted. */
  name: string
  /** Whether policies filter what this role reads, or would. */
  isFiltered: boolean
  /** In the order of the model's key. */
  key: readonly KeyColumn[]
}

/** @throws OrchestraError ORC_LOADER_FAILED when there is no such table, or it has no such key */
export async function findTable(model: Model, reader: Reader): Promise<FoundTable> {
  const [table] = await reader.query<Omit<FoundTable, 'key'> & { columns: KeyColumn[] }>(often(TABLE), [
    quoteTable(model.table ?? ''),
    model.key,
  ])
  if (table === undefined) throw unusable(`there is no table ${model.table}`, model)
  const { columns, ...found } = table
  const key = model.key.map((name) => {
    const column = columns.find((one) => one.name === name)
    if (column === undefined) throw unusable(`table ${model.table} has no key column "${name}"`, model)
    return column
  })
  return { ...found, key }
}

function unusable(what: string, model: Model): OrchestraError {
  return new OrchestraError('ORC_LOADER_FAILED', `Model "${model.name}": ${what}`, {
    hint: 'Create the table, or correct `table` and `key` of the model; `orchestra doctor` checks them all',
  })
}

/** Read each time: a migration may change the type of a key while workers run. Operators count that sort by code of Postgres or an extension. */
const TABLE = `
with recursive tbl as (
  select c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) as name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = pg_catalog.to_regclass($1)
), part as (
  select a.attname, a.atttypid as type from tbl join pg_catalog.pg_attribute a on a.attrelid = tbl.oid
  where a.attname = any($2::text[]) and a.attnum > 0 and not a.attisdropped
  union all
  select part.attname, t.typbasetype from part join pg_catalog.pg_type t on t.oid = part.type and t.typtype = 'd'
)
select tbl.oid, tbl.name, pg_catalog.row_security_active(tbl.oid) as "isFiltered", coalesce((
  select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'name', part.attname,
    'type', pg_catalog.format('%I.%I', n.nspname, t.typname),
    'isBuiltIn', n.nspname = 'pg_catalog',
    'operators', case when n.nspname = 'pg_catalog' or t.typtype = 'e' then 'pg_catalog' else (
      select min(op.nspname::text)
      from pg_catalog.pg_opclass c
      join pg_catalog.pg_am am on am.oid = c.opcmethod and am.amname = 'btree'
      join pg_catalog.pg_amop o on o.amopfamily = c.opcfamily and o.amoplefttype = t.oid and o.amoprighttype = t.oid
        and o.amopstrategy in (3, 5)
      join pg_catalog.pg_operator operator on operator.oid = o.amopopr
      join pg_catalog.pg_namespace op on op.oid = operator.oprnamespace
      join pg_catalog.pg_proc p on p.oid = operator.oprcode
      join pg_catalog.pg_language l on l.oid = p.prolang
      where c.opcintype = t.oid and c.opcdefault and operator.oprname in ('=', '>')
      having count(*) = 2 and count(distinct op.nspname) = 1 and bool_and(l.lanname in ('internal', 'c'))
    ) end))
  from part join pg_catalog.pg_type t on t.oid = part.type and t.typtype <> 'd'
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace), '[]') as columns
from tbl`
