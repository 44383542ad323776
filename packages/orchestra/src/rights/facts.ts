import { CAPTURE_ROLE, type Watch, watchesOf } from '../capture/index.ts'
import type { Config } from '../config/config.ts'
import type { Queryable } from '../store/index.ts'

/** A watched table, or a part of one, which can be written to directly. */
export interface WatchedTable {
  /** Quoted and qualified. */
  name: string
  /** Quoted. */
  schema: string
  /** Null when it does not exist yet. */
  owner: string | null
  /** Policies may hide its rows. */
  isSecured: boolean
  /** Quoted and qualified: what its `serial` columns count by. */
  sequences: readonly string[]
  /** What a worker needs there, and the role that asks does not have. */
  lacking: readonly string[]
  /** The role that asks may not use the schema. */
  isClosed: boolean
}

/** One of Orchestra's own schemas. */
export interface OwnSchema {
  name: string
  owner: string | null
  /** What is in it, as ALTER ... OWNER takes it, with its owner. */
  contents: readonly { what: string; owner: string }[]
}

/** What the database has, as far as rights depend on it. */
export interface Facts {
  database: string
  version: number
  databaseOwner: string
  /** Every role may connect. */
  isOpen: boolean
  roles: readonly string[]
  tables: readonly WatchedTable[]
  schemas: readonly OwnSchema[]
  /** Schemas, quoted, that every role may use. */
  openSchemas: readonly string[]
  /** Models whose loaders read what nobody but they know. */
  loaders: readonly string[]
}

export const ownSchemas = ['orchestra', 'orchestra_boss'] as const

export async function readFacts(db: Queryable, config: Config): Promise<Facts> {
  const models = [...config.models.values()]
  const [about] = await db.query<Omit<Facts, 'tables' | 'schemas' | 'loaders'>>(ABOUT)
  const loaders = models.filter(({ load }) => load !== undefined).map(({ name }) => name)
  const tables = await readTables(db, models.flatMap(watchesOf))
  const schemas = await db.query<OwnSchema>(OWN_SCHEMAS, [ownSchemas, CAPTURE_ROLE])
  return { ...(about as Facts), tables, schemas, loaders }
}

export function readTables(db: Queryable, watches: readonly Watch[]): Promise<WatchedTable[]> {
  const tables = watches.map(({ table }) => table)
  return db.query<WatchedTable>(TABLES, [
    tables.map(({ schema }) => schema ?? null),
    tables.map(({ name }) => name),
  ])
}

const ABOUT = `
select d.datname as database, current_setting('server_version_num')::int as version, pg_get_userbyid(d.datdba) as "databaseOwner",
  has_database_privilege('public', d.oid, 'connect') as "isOpen",
  array(select rolname::text from pg_roles) as roles,
  array(select format('%I', nspname) from pg_namespace n where has_schema_privilege('public', n.oid, 'usage')) as "openSchemas"
from pg_database d where d.datname = current_database()`

/**
 * In the catalogue, where all may look: `to_regclass` refuses whoever may not use the schema. Partitions and inheritors are written to
 * directly, and get triggers of their own.
 */
const TABLES = `
with recursive wanted as (
  select distinct given.schema, given.name, found.oid
  from unnest($1::text[], $2::text[]) as given(schema, name)
  left join lateral (
    select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relname = given.name and c.relkind in ('r', 'p') and n.nspname = coalesce(given.schema, n.nspname)
      and n.nspname not in ('pg_catalog', 'information_schema')
    order by array_position(current_schemas(false), n.nspname), n.nspname = 'public' desc limit 1
  ) found on true
), tree as (
  select oid from wanted where oid is not null
  union
  select child.inhrelid from tree join pg_inherits child on child.inhparent = tree.oid
)
select format('%I.%I', n.nspname, t.relname) as name, format('%I', n.nspname) as schema, pg_get_userbyid(t.relowner) as owner,
  t.relrowsecurity as "isSecured",
  array(
    select format('%I.%I', sn.nspname, s.relname) from pg_depend d
    join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_namespace sn on sn.oid = s.relnamespace
    where d.refobjid = t.oid and d.deptype = 'a' and d.classid = 'pg_class'::regclass order by 1) as sequences,
  array(
    select verb from unnest(array['select', 'trigger']) verb where not has_table_privilege(t.oid, verb)) as lacking,
  not has_schema_privilege(n.oid, 'usage') as "isClosed"
from tree join pg_class t on t.oid = tree.oid join pg_namespace n on n.oid = t.relnamespace
union all
select format('%I.%I', coalesce(schema, current_schema(), 'public'), name),
  format('%I', coalesce(schema, current_schema(), 'public')), null, false, '{}', '{}', false
from wanted where oid is null
order by name`

const OWN_SCHEMAS = `
select wanted.name, pg_get_userbyid(n.nspowner) as owner,
  coalesce((
    select jsonb_agg(jsonb_build_object('what', what, 'owner', pg_get_userbyid(owner)) order by what) from (
      select case c.relkind when 'S' then 'sequence' else 'table' end || format(' %I.%I', n.nspname, c.relname) as what, c.relowner as owner
      from pg_class c where c.relnamespace = n.oid and (c.relkind in ('r', 'p') or c.relkind = 'S' and not exists (
        select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')))
      union all
      select format('type %I.%I', n.nspname, y.typname), y.typowner from pg_type y where y.typnamespace = n.oid and y.typtype = 'e'
      union all
      select format('function %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner
      from pg_proc p where p.pronamespace = n.oid and p.proowner is distinct from to_regrole($2)
    ) found), '[]') as contents
from unnest($1::text[]) with ordinality as wanted(name, position) left join pg_namespace n on n.nspname = wanted.name
order by position`
