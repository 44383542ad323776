import pg from 'pg'
import { messageOf, OrchestraError } from '../errors.ts'
import { codeOf } from './sqlstate.ts'

/** Who was to be connected to what. */
export type DatabaseAddress = Pick<pg.Client, 'user' | 'database' | 'host' | 'port'>

/** What a configuration comes to, with what the environment and the driver add. */
export function placeOf(config: pg.ClientConfig): DatabaseAddress {
  const { user, database, host, port } = new pg.Client(config)
  return { user, database, host, port }
}

/**
 * Refuses what the driver would take for something else: of a text without a scheme it makes a database on a host `base`.
 * @throws OrchestraError ORC_STORE_URL
 */
export function checkUrl(databaseUrl: string): void {
  const isSocket = databaseUrl.startsWith('/') || databaseUrl.startsWith('socket:')
  const scheme = /^postgres(ql)?:\/\//.test(databaseUrl)
  if (!isSocket && !scheme) throw notAUrl('it does not begin with postgresql://')
  try {
    placeOf({ connectionString: databaseUrl })
  } catch (cause) {
    // Its text may hold a password, and so may the message about it.
    throw notAUrl(
      cause instanceof URIError ? 'it has a % that encodes nothing' : 'its parts cannot be told apart',
    )
  }
}

function notAUrl(why: string): OrchestraError {
  return new OrchestraError('ORC_STORE_URL', `The URL of the database is none: ${why}`, {
    hint: 'Write postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE in DATABASE_URL; in a password, write / # ? @ : % as %2F %23 %3F %40 %3A %25',
  })
}

/** Why no connection stands, and what to do; that its own pool was closed is the program's affair. */
export function connectionFailure(error: unknown, place: DatabaseAddress): unknown {
  const said = messageOf(error)
  if (said.startsWith('Cannot use a pool after')) return error
  const role = `role ${quote(place.user)} on ${addressOf(place)}`
  switch (codeOf(error)) {
    case '3D000':
      return absent(error, place)
    case '28P01':
      return refused(error, `the password of ${role} is wrong, or there is no such role`)
    case '28000':
      return refused(error, `${role}, database ${quote(place.database)}: ${said}`)
    case '42501':
      return denied(error, place)
    case '53300':
      return busy(error, place)
  }
  if (/^SASL|password must be a string/.test(said))
    return refused(error, `${role} needs a password, and DATABASE_URL has none that it takes`)
  return unreachable(error)
}

function addressOf({ host, port }: DatabaseAddress): string {
  return `${host}:${port}`
}

function absent(cause: unknown, place: DatabaseAddress): OrchestraError {
  const message = `There is no database ${quote(place.database)} on ${addressOf(place)}`
  return new OrchestraError('ORC_STORE_UNKNOWN', message, {
    hint: "Correct the name in DATABASE_URL, or make it: create database ... owner ...; Orchestra lives in the database that holds the application's tables",
    cause,
  })
}

function denied(cause: unknown, { user, database }: DatabaseAddress): OrchestraError {
  const message = `Role ${quote(user)} may not connect to database ${quote(database)}: ${messageOf(cause)}`
  return new OrchestraError('ORC_STORE_DENIED', message, {
    hint: `Its owner runs: grant connect on database ${sqlName(database)} to ${sqlName(user)}`,
    cause,
  })
}

function busy(cause: unknown, place: DatabaseAddress): OrchestraError {
  const message = `The database on ${addressOf(place)} takes no more connections: ${messageOf(cause)}`
  return new OrchestraError('ORC_STORE_BUSY', message, {
    hint: `Raise max_connections, or the limit of role ${quote(place.user)} or database ${quote(place.database)}, or let fewer processes connect; \`store.connections\` says how many one process of Orchestra takes (default 10)`,
    cause,
  })
}

function refused(cause: unknown, why: string): OrchestraError {
  return new OrchestraError('ORC_STORE_LOGIN', `The database refuses the login: ${why}`, {
    hint: 'Check role and password in DATABASE_URL, that the role has LOGIN, and that pg_hba.conf lets it in from here',
    cause,
  })
}

export function unreachable(cause: unknown): OrchestraError {
  const why = cause instanceof AggregateError ? cause.errors.map(messageOf).join(', ') : messageOf(cause)
  return new OrchestraError('ORC_STORE_UNREACHABLE', `The database does not answer: ${why}`, {
    hint: 'Check DATABASE_URL and that the database runs; what is committed is safe and is picked up when it answers',
    cause,
  })
}

/** A URL for people. */
export function withoutPassword(url: string): string {
  const bare = url.replace(/^([a-z]+:\/\/[^:@/]*):[^/?#]*@/, '$1@')
  return bare.replace(/([?&]password=)[^&]*/g, '$1...')
}

function quote(name: string | undefined): string {
  return JSON.stringify(name ?? '')
}

function sqlName(name: string | undefined): string {
  return pg.escapeIdentifier(name ?? '')
}
