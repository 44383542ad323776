import pg from 'pg'

/** Something in the database that a role lacks rights on. */
export interface Lacking {
  kind: 'database' | 'schema' | 'table' | 'sequence' | 'function'
  /** As messages name it, without its schema. */
  name: string
  /** Quoted and qualified, as GRANT takes it. */
  sql: string
  owner: string
  /** Rights that the role does not have there. */
  rights: readonly string[]
}

/** What the catalogue says about a role that was refused something. */
export interface Rights {
  role: string
  database: string
  lacking: readonly Lacking[]
}

/**
 * Whatever a message or a statement may name, and the role has not all rights on. The message alone does not do: it names a table
 * without its schema, in the language of the server, and does not say which right.
 */
export const rightsSql = `
with person as (select coalesce($3::text, current_user) as role),
named as (
  select 'database' as kind, d.datname as name, format('%I', d.datname) as sql, d.datdba as owner,
    array(select r from unnest(array['CREATE']) r where not has_database_privilege(role, d.oid, r)) as rights
  from pg_database d, person where d.datname = current_database()
  union all
  select 'schema', n.nspname, format('%I', n.nspname), n.nspowner,
    array(select r from unnest(array['USAGE', 'CREATE']) r where not has_schema_privilege(role, n.oid, r))
  from pg_namespace n, person
  union all
  select case c.relkind when 'S' then 'sequence' else 'table' end, c.relname, format('%I.%I', n.nspname, c.relname), c.relowner,
    case c.relkind when 'S' then array(select r from unnest(array['USAGE', 'SELECT', 'UPDATE']) r
        where not has_sequence_privilege(role, c.oid, r))
      else array(select r from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) r
        where not has_table_privilege(role, c.oid, r)) end
  from pg_class c join pg_namespace n on n.oid = c.relnamespace, person where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all
  select 'function', p.proname, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner,
    array(select r from unnest(array['EXECUTE']) r where not has_function_privilege(role, p.oid, r))
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace, person where n.nspname <> 'pg_catalog'
)
select person.role, current_database() as database,
  coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'name', name, 'sql', sql, 'owner', pg_get_userbyid(owner), 'rights', rights))
    filter (where name is not null), '[]') as lacking
from person left join named on strpos($1, name) > 0 or strpos($2, name) > 0
group by person.role`

/** Why a statement was refused, as far as it can be told. */
export type Denial =
  | { kind: 'right'; on: Lacking; rights: readonly string[] }
  | { kind: 'ownership'; on: Lacking }
  | { kind: 'unclear' }

/** Finds in the catalogue's answer what a message means. Pure. */
export function denialOf(message: string, statement: string, lacking: readonly Lacking[]): Denial {
  const [named] = lacking.filter(({ name }) => hasWord(message, name)).sort(byPlaceIn(message))
  const on =
    named ?? lacking.find((one) => hasWord(statement, one.name) && rightsFor(one, statement).length > 0)
  if (on === undefined) return { kind: 'unclear' }
  const rights = rightsFor(on, statement)
  return rights.length > 0 ? { kind: 'right', on, rights } : { kind: 'ownership', on }
}

/** The statement that gives what is missing. */
export function grantOf(on: Lacking, rights: readonly string[], role: string): string {
  return `grant ${rights.join(', ').toLowerCase()} on ${on.kind} ${on.sql} to ${pg.escapeIdentifier(role)}`
}

/** The name stands at the end in most languages; of two that end there, the longer one is meant. */
function byPlaceIn(message: string): (one: Lacking, other: Lacking) => number {
  const endOf = ({ name }: Lacking) => message.lastIndexOf(name) + name.length
  return (one, other) => endOf(other) - endOf(one) || other.name.length - one.name.length
}

function hasWord(text: string, name: string): boolean {
  const before = /[\p{L}\p{N}_$]$/u
  const after = /^[\p{L}\p{N}_$]/u
  const at = text.lastIndexOf(name)
  return at >= 0 && !before.test(text.slice(0, at)) && !after.test(text.slice(at + name.length))
}

/** Of the rights that the role lacks there, those that the statement uses. */
function rightsFor({ kind, sql, rights }: Lacking, statement: string): readonly string[] {
  if (kind === 'schema') {
    const wanted = rights.includes('USAGE') ? 'USAGE' : 'CREATE'
    return wanted === 'USAGE' || /\bcreate\b/i.test(statement)
      ? rights.filter((right) => right === wanted)
      : []
  }
  if (kind !== 'table') return rights
  const table = sql.split('.').map(looseName).join(String.raw`\s*\.\s*`)
  const name = String.raw`(only\s+)?(${table}|${looseName(sql.split('.').at(-1) ?? sql)})(?![\w$"])`
  const uses: Readonly<Record<string, string>> = {
    INSERT: String.raw`\binsert\s+into\s+${name}`,
    UPDATE: String.raw`\bupdate\s+${name}|\bfor\s+(no\s+key\s+update|update|share|key\s+share)\b|\bdo\s+update\b`,
    DELETE: String.raw`\bdelete\s+from\s+${name}`,
    TRUNCATE: String.raw`\btruncate\b`,
    TRIGGER: String.raw`\bcreate\s+(or\s+replace\s+)?trigger\b`,
    SELECT: String.raw`(?<!delete\s)(\bfrom|\bjoin|,)\s+${name}|\breturning\b|\bselect\b|\bon\s+conflict\b|\bcopy\b`,
  }
  return rights.filter((right) => new RegExp(uses[right] ?? '(?!)', 'i').test(statement))
}

/** A part of a name as somebody may have written it: quoted or not. */
function looseName(part: string): string {
  const bare = part.replace(/^"(.*)"$/, '$1').replaceAll('""', '"')
  return `"?${bare.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}"?`
}
