import { quoteIdentifier, watchesOf } from '../capture/index.ts'
import { readTables, type WatchedTable } from '../rights/index.ts'
import type { Queryable } from '../store/index.ts'
import { type Check, type Diagnosis, ok, problem } from './check.ts'

/** What the role that asks, which is the worker's where doctor runs as the worker does, may do; and what the triggers' role may. */
export const checkRights: Check = async ({ store, loaded }) => {
  const [me] = await store.query<{ role: string }>('select current_user as role')
  const role = me?.role ?? ''
  const watches = [...loaded.config.models.values()].flatMap(watchesOf)
  const tables = await readTables(store, watches)
  const problems = [
    ...schemaProblems(tables, role),
    ...tables.flatMap((table) => tableProblems(table, role)),
    ...(await ownProblems(store, role)),
    ...(await functionProblems(store)),
  ]
  return problems.length > 0 ? problems : [ok('rights', `role ${role} may do what a worker does`)]
}

function schemaProblems(tables: readonly WatchedTable[], role: string): Diagnosis[] {
  const closed = new Set(tables.filter(({ isClosed }) => isClosed).map(({ schema }) => schema))
  return [...closed].map((schema) =>
    problem(
      'rights',
      `role ${role} may not use schema ${schema}`,
      `As its owner: grant usage on schema ${schema} to ${quoteIdentifier(role)}`,
    ),
  )
}

function tableProblems({ name, owner, lacking }: WatchedTable, role: string): Diagnosis[] {
  if (lacking.length === 0) return []
  return [
    problem(
      'rights',
      `role ${role} lacks ${lacking.join(' and ')} on ${name}`,
      `As ${owner}: grant ${lacking.join(', ')} on table ${name} to ${quoteIdentifier(role)}`,
    ),
  ]
}

/** Whoever does not own Orchestra's tables needs every right on them. */
async function ownProblems(db: Queryable, role: string): Promise<Diagnosis[]> {
  const [found] = await db.query<{ names: string[]; count: number }>(OWN_TABLES)
  const { names = [], count = 0 } = found ?? {}
  if (count === 0) return []
  const more = count > names.length ? ` and ${count - names.length} more` : ''
  return [
    problem(
      'rights',
      `role ${role} may not write ${names.join(', ')}${more}`,
      'Connect as the role that `orchestra up` runs as, or see `orchestra grants`',
    ),
  ]
}

/** Whoever owns a watched table may find a way to have something run in its triggers, with the rights of who owns the functions. */
async function functionProblems(db: Queryable): Promise<Diagnosis[]> {
  const owners = await db.query<{ owner: string; why: string }>(FUNCTION_OWNERS)
  return owners.map(({ owner, why }) =>
    problem(
      'rights',
      `trigger functions belong to ${owner}, ${why}`,
      'As a superuser, run what `orchestra grants` prints about orchestra_capture; `orchestra up` then gives the functions to that role',
    ),
  )
}

const OWN_TABLES = `
select count(*) as count, coalesce((array_agg(name order by name))[1:3], '{}') as names from (
  select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('orchestra', 'orchestra_boss') and c.relkind in ('r', 'p')
    and not (has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
      and has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update')
      and has_table_privilege(c.oid, 'delete'))
) lacking`

const FUNCTION_OWNERS = `
select distinct pg_get_userbyid(p.proowner) as owner,
  case when r.rolsuper then 'a superuser'
    else 'who may change Orchestra''s own tables' end as why
from pg_proc p join pg_roles r on r.oid = p.proowner
where p.pronamespace = to_regnamespace('orchestra') and p.proname like 'capture\\_%' and p.prosecdef
  and (r.rolsuper or exists (
    select from pg_class c where c.relnamespace = p.pronamespace and c.relkind = 'r'
      and (has_table_privilege(p.proowner, c.oid, 'update') or has_table_privilege(p.proowner, c.oid, 'delete'))))
order by 1`
