import { messageOf, OrchestraError } from '../errors.ts'
import { denialOf, grantOf, type Rights, rightsSql } from './lacking.ts'
import { codeOf } from './sqlstate.ts'

/** Asks the database about an error that it gave; whoever was refused may always read the catalogue. */
export type Ask = <Row>(text: string, values: readonly unknown[]) => Promise<Row[]>

/** A statement that failed. */
export interface Failed {
  statement: string
  /** Who ran it, where that is not who asks. */
  role?: string | undefined
}

/** Some errors mean that the database is not as Orchestra needs it: these become one with what to do; all others stay as they are. */
export async function explain(error: unknown, failed: Failed, ask: Ask): Promise<unknown> {
  switch (codeOf(error)) {
    case '42501':
      return isHidden(error) ? hidden(error, failed, ask) : denied(error, failed, ask)
    case '25006':
      return readOnly(error, ask)
    case '3F000':
    case '42P01':
      return notMigrated(error, ask)
    default:
      return error
  }
}

async function denied(error: unknown, failed: Failed, ask: Ask): Promise<OrchestraError> {
  const said = messageOf(error)
  const rights = await answered(ask<Rights>(rightsSql, [said, failed.statement, failed.role ?? null]))
  if (rights === undefined)
    return denial(error, `The database refuses what its role may not do: ${said}`, seeGrants)
  const { role, database, lacking } = rights
  const what = `Role ${JSON.stringify(role)} may not do that in database ${JSON.stringify(database)}: ${said}`
  const found = denialOf(said, failed.statement, lacking)
  if (found.kind === 'unclear') return denial(error, what, seeGrants)
  const owner = JSON.stringify(found.on.owner)
  if (found.kind === 'ownership')
    return denial(error, what, `Run it as ${owner}, who owns ${found.on.kind} ${found.on.sql}. ${seeGrants}`)
  return denial(error, what, `As ${owner}, run: ${grantOf(found.on, found.rights, role)}; ${seeGrants}`)
}

const seeGrants = '`orchestra grants` prints all that the roles need'

function denial(cause: unknown, message: string, hint: string): OrchestraError {
  return new OrchestraError('ORC_STORE_DENIED', message, { hint, cause })
}

/** Postgres refuses where it would have to filter, which is what reading with `row_security = off` is for. */
function isHidden(error: unknown): boolean {
  return error instanceof Error && 'routine' in error && error.routine === 'check_enable_rls'
}

async function hidden(error: unknown, { role }: Failed, ask: Ask): Promise<OrchestraError> {
  const who = await answered(
    ask<{ role: string }>('select coalesce($1::text, current_user) as role', [role ?? null]),
  )
  const name = JSON.stringify(who?.role ?? role ?? '')
  return new OrchestraError('ORC_ROWS_HIDDEN', `Role ${name} does not see all rows: ${messageOf(error)}`, {
    hint: `Rows that a policy hides would be taken for deleted. As a superuser, run: alter role ${name} bypassrls`,
    cause: error,
  })
}

async function readOnly(error: unknown, ask: Ask): Promise<unknown> {
  const state = await answered(
    ask<{ standby: boolean; readonly: boolean }>(
      `select pg_is_in_recovery() as standby, current_setting('default_transaction_read_only')::boolean as readonly`,
      [],
    ),
  )
  if (state === undefined || !(state.standby || state.readonly)) return error
  const why = state.standby ? 'it is a standby' : 'default_transaction_read_only is on'
  return new OrchestraError(
    'ORC_STORE_READONLY',
    `The database takes no writes, ${why}: ${messageOf(error)}`,
    {
      hint: 'Give the primary in DATABASE_URL (`?target_session_attrs` is not read; a name that follows the primary is best), or end the read-only setting',
      cause: error,
    },
  )
}

/** Of schema `orchestra`; all else that does not exist is the application's affair. */
async function notMigrated(error: unknown, ask: Ask): Promise<unknown> {
  if (!/\borchestra\b/.test(messageOf(error))) return error
  const found = await answered(
    ask<{ present: boolean }>(
      `select exists (select from pg_class where relname = 'migration' and relnamespace = to_regnamespace('orchestra')) as present`,
      [],
    ),
  )
  if (found === undefined || found.present) return error
  return new OrchestraError(
    'ORC_STORE_OUTDATED',
    `Orchestra is not installed in this database: ${messageOf(error)}`,
    {
      hint: 'Run `orchestra up` once, or `orchestra up --migrate-only`; `orchestra grants` prints what its roles need',
      cause: error,
    },
  )
}

/** The question may fail as well; then the error is told as it came. */
async function answered<Row>(rows: Promise<Row[]>): Promise<Row | undefined> {
  try {
    return (await rows)[0]
  } catch {
    return undefined
  }
}
