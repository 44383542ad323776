import { CAPTURE_ROLE, grantMembership, quoteIdentifier } from '../capture/index.ts'
import type { Facts, WatchedTable } from './facts.ts'
import { applicationNeeds, applicationRights, workerRights } from './needs.ts'

/** Who is who. */
export interface Roles {
  /** Owns tables that do not exist yet; those that do have their owners. */
  owner: string
  application: string
  worker: string
}

/** Statements that one role runs together. */
export interface Section {
  /** Null for a superuser. */
  as: string | null
  /** `after` the first `orchestra up`, which makes what they are about. */
  when: 'before' | 'after'
  statements: readonly { sql: string; why: string }[]
}

/** The statements that give each role what it needs, in their order. Pure. */
export function grantsFor(facts: Facts, roles: Roles): Section[] {
  const owners = [...new Set(facts.tables.map(({ owner }) => owner ?? roles.owner))]
  const sections: Section[] = [
    { as: null, when: 'before', statements: superuserStatements(facts, roles) },
    ...owners.map(
      (owner): Section => ({ as: owner, when: 'before', statements: ownerStatements(facts, roles, owner) }),
    ),
    { as: roles.worker, when: 'after', statements: workerStatements(roles) },
  ]
  return sections.filter(({ statements }) => statements.length > 0)
}

type Statements = Section['statements']

function superuserStatements(facts: Facts, roles: Roles): Statements {
  const worker = quoteIdentifier(roles.worker)
  const seesAll = {
    sql: `alter role ${worker} bypassrls`,
    why: 'rows that a policy hides would be taken for deleted',
  }
  return [
    ...missingRoles(facts, roles),
    {
      sql: grantMembership(worker, facts.version),
      why: 'the worker makes trigger functions and gives them to it',
    },
    ...connectStatements(facts, roles),
    ...facts.schemas.flatMap((schema) => schemaStatements(schema, roles.worker)),
    ...(facts.tables.some(({ isSecured }) => isSecured) ? [seesAll] : []),
  ]
}

function missingRoles({ roles: existing }: Facts, { owner, application, worker }: Roles): Statements {
  const people = [...new Set([owner, application, worker])].map((role) => ({
    role,
    sql: `create role ${quoteIdentifier(role)} login`,
    why: 'does not exist yet; give it a password, or a way in by pg_hba.conf',
  }))
  const capture = {
    role: CAPTURE_ROLE,
    sql: `create role ${CAPTURE_ROLE} nologin`,
    why: 'owns the trigger functions, and can do nothing else',
  }
  const missing = [...people, capture].filter(({ role }) => !existing.includes(role))
  return missing.map(({ sql, why }) => ({ sql, why }))
}

function connectStatements({ isOpen, database }: Facts, { application, worker }: Roles): Statements {
  if (isOpen) return []
  return [...new Set([application, worker])].map((role) => ({
    sql: `grant connect on database ${quoteIdentifier(database)} to ${quoteIdentifier(role)}`,
    why: 'not everybody may connect',
  }))
}

function schemaStatements({ name, owner, contents }: Facts['schemas'][number], role: string): Statements {
  const worker = quoteIdentifier(role)
  if (owner === null)
    return [
      {
        sql: `create schema ${name} authorization ${worker}`,
        why: "Orchestra's own tables, which the worker makes",
      },
    ]
  const others = contents.filter((one) => one.owner !== role)
  return [...(owner === role ? [] : [`schema ${name}`]), ...others.map(({ what }) => what)].map((what) => ({
    sql: `alter ${what} owner to ${worker}`,
    why: 'another role made it',
  }))
}

function ownerStatements(facts: Facts, roles: Roles, owner: string): Statements {
  const tables = facts.tables.filter((table) => (table.owner ?? roles.owner) === owner)
  const schemas = [...new Set(tables.map(({ schema }) => schema))]
  return [
    ...statementsFor(roles.worker, owner, (role) => [
      ...usage(facts, schemas, role, 'reads the tables in it'),
      ...onTables(tables, workerRights, role, 'reads rows and makes triggers'),
      ...schemas.map((schema) => later(owner, schema, workerRights, 'tables', role)),
    ]),
    ...statementsFor(roles.application, owner, (role) => [
      ...usage(facts, schemas, role, 'works with the tables in it'),
      ...onTables(
        tables,
        applicationRights,
        role,
        'the application works with them; give less where it does less',
      ),
      ...onSequences(tables, role),
      ...schemas.map((schema) => later(owner, schema, applicationRights, 'tables', role)),
      ...schemas.map((schema) => later(owner, schema, ['usage'], 'sequences', role)),
    ]),
  ]
}

/** Who owns the tables needs no grant for them. */
function statementsFor(role: string, owner: string, statements: (role: string) => Statements): Statements {
  return role === owner ? [] : statements(quoteIdentifier(role))
}

function usage({ openSchemas }: Facts, schemas: readonly string[], role: string, why: string): Statements {
  const closed = schemas.filter((schema) => !openSchemas.includes(schema))
  return closed.map((schema) => ({ sql: `grant usage on schema ${schema} to ${role}`, why }))
}

function onTables(
  tables: readonly WatchedTable[],
  rights: readonly string[],
  role: string,
  why: string,
): Statements {
  const standing = tables.filter(({ owner }) => owner !== null)
  return standing.map(({ name }) => ({ sql: `grant ${rights.join(', ')} on table ${name} to ${role}`, why }))
}

function onSequences(tables: readonly WatchedTable[], role: string): Statements {
  const sequences = [...new Set(tables.flatMap((table) => table.sequences))]
  return sequences.map((name) => ({
    sql: `grant usage on sequence ${name} to ${role}`,
    why: 'numbers new rows',
  }))
}

function later(
  owner: string,
  schema: string,
  rights: readonly string[],
  what: string,
  role: string,
): Statements[number] {
  return {
    sql: `alter default privileges for role ${quoteIdentifier(owner)} in schema ${schema} grant ${rights.join(', ')} on ${what} to ${role}`,
    why: `${what} that later migrations make`,
  }
}

function workerStatements({ application, worker }: Roles): Statements {
  if (application === worker) return []
  const role = quoteIdentifier(application)
  return [
    {
      sql: `grant usage on schema orchestra to ${role}`,
      why: 'unit.plan(), settled(), orchestra.collect(), plan() and sync()',
    },
    ...applicationNeeds.map(({ on, rights, why }) => ({
      sql: `grant ${rights.join(', ')} on ${on} to ${role}`,
      why,
    })),
  ]
}
