import type { Queryable } from '../store/index.ts'
import type { Watch } from './watch.ts'

/** A table as the database has it. */
export interface FoundTable {
  oid: number
  /** Qualified and quoted. */
  name: string
  /** relkind: r table, p partitioned, v view, f foreign, m materialized view. */
  kind: string
  /** The table that it is a partition or an heir of; null when it is none. */
  parent: string | null
  /** By name, in their order in the table. */
  columns: Record<string, FoundColumn>
}

export interface FoundColumn {
  /** Below domains, without its schema: `int4`. */
  type: string
  /** The type is one of Postgres' own: nobody else can have made a cast or operator for it alone. */
  isBuiltIn: boolean
  /** Its text is the same in every session. */
  isSteady: boolean
  /** Computed when it is read: the rows that triggers are given do not have it. */
  isVirtual: boolean
}

export interface FoundTrigger {
  table: number
  tableName: string
  name: string
  enabled: boolean
  function: string
}

export interface FoundFunction {
  body: string
  owner: string
}

/** What capture finds in the database. */
export interface Catalog {
  /** For each watch its table, then the table's partitions and inheritors, which can be written to directly. */
  tables: readonly (readonly FoundTable[])[]
  triggers: readonly FoundTrigger[]
  functions: ReadonlyMap<string, FoundFunction>
}

export async function readCatalog(db: Queryable, watches: readonly Watch[]): Promise<Catalog> {
  const tables = await readTables(db, watches)
  const triggers = await readTriggers(db)
  const functions = await readFunctions(db)
  return { tables, triggers, functions }
}

/** Types whose text no setting changes; enumerations besides. */
const PLAIN_TYPES = [
  'int2',
  'int4',
  'int8',
  'oid',
  'bool',
  'numeric',
  'text',
  'varchar',
  'bpchar',
  'name',
  'uuid',
]

/** The type below a column's domains. */
const BASE_TYPE = `
  with recursive below as (
    select y.oid, y.typbasetype from pg_type y where y.oid = a.atttypid
    union all
    select y.oid, y.typbasetype from below join pg_type y on y.oid = below.typbasetype
  )
  select oid from below where typbasetype = 0`

/** What a name leads to, also in a schema that this role may not use, where `to_regclass` throws. */
export function tableOid(wanted: string): string {
  return `case when ${wanted}.schema is null then to_regclass(quote_ident(${wanted}.name))::oid else (
    select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${wanted}.schema and c.relname = ${wanted}.name) end`
}

async function readTables(db: Queryable, watches: readonly Watch[]): Promise<FoundTable[][]> {
  const rows = await db.query<FoundTable & { watch: number }>(
    `with recursive root as (
       select ordinality - 1 as watch, ${tableOid('wanted')} as oid, 0 as depth
       from unnest($1::text[], $3::text[]) with ordinality as wanted(schema, name, ordinality)
     ), tree as (
       select watch, oid, depth from root where oid is not null
       union all
       select tree.watch, child.inhrelid, depth + 1 from tree join pg_inherits child on child.inhparent = tree.oid
     )
     select watch::int, t.oid, format('%I.%I', n.nspname, t.relname) as name, t.relkind as kind,
       (select format('%I.%I', pn.nspname, p.relname) from pg_inherits i join pg_class p on p.oid = i.inhparent
        join pg_namespace pn on pn.oid = p.relnamespace where i.inhrelid = t.oid order by i.inhseqno limit 1) as parent,
       (select coalesce(json_object_agg(a.attname, json_build_object(
          'type', y.typname,
          'isBuiltIn', y.typnamespace = 'pg_catalog'::regnamespace,
          'isSteady', y.typname = any($2::text[]) or y.typtype = 'e',
          'isVirtual', a.attgenerated = 'v'
        ) order by a.attnum), '{}')
        from pg_attribute a cross join lateral (${BASE_TYPE}) base join pg_type y on y.oid = base.oid
        where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped) as columns
     from (select watch, oid, min(depth) as depth from tree group by watch, oid) member
     join pg_class t on t.oid = member.oid
     join pg_namespace n on n.oid = t.relnamespace
     order by watch, depth, name`,
    [watches.map(({ table }) => table.schema ?? null), PLAIN_TYPES, watches.map(({ table }) => table.name)],
  )
  return watches.map((_, index) => rows.filter((row) => row.watch === index))
}

async function readTriggers(db: Queryable): Promise<FoundTrigger[]> {
  return db.query<FoundTrigger>(
    `select t.tgrelid as table, format('%I.%I', n.nspname, c.relname) as "tableName", t.tgname as name,
       t.tgenabled in ('O', 'A') as enabled, p.proname as function
     from pg_trigger t
     join pg_class c on c.oid = t.tgrelid
     join pg_namespace n on n.oid = c.relnamespace
     join pg_proc p on p.oid = t.tgfoid
     where p.pronamespace = to_regnamespace('orchestra') and p.proname like 'capture\\_%' and not t.tgisinternal`,
  )
}

async function readFunctions(db: Queryable): Promise<Map<string, FoundFunction>> {
  const rows = await db.query<FoundFunction & { name: string }>(
    `select proname as name, prosrc as body, pg_get_userbyid(proowner) as owner from pg_proc
     where pronamespace = to_regnamespace('orchestra') and proname like 'capture\\_%'`,
  )
  return new Map(rows.map(({ name, ...found }) => [name, found]))
}
