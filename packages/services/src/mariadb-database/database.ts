import { createHash } from 'node:crypto'
import { Secret } from 'orchestrajs'
import { z } from 'zod'

/** Databases and accounts that the server itself lives by. */
export const systemSchemas = ['information_schema', 'mysql', 'performance_schema', 'sys'] as const
const systemUsers = ['root', 'mysql', 'mariadb.sys', 'debian-sys-maint', 'PUBLIC']
/** Databases that hold what is on its way to its place. */
export const incomingPrefix = 'orchestra_incoming_'

export const databaseName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/, 'use 1 to 64 letters, digits, _ and -, no - first')
  .refine((name) => !systemSchemas.some((schema) => schema === name.toLowerCase()), 'the server lives by it')
  .refine((name) => !name.startsWith(incomingPrefix), `${incomingPrefix}... is for data on its way`)

export const privileges = [
  'ALL PRIVILEGES',
  'ALTER',
  'ALTER ROUTINE',
  'CREATE',
  'CREATE ROUTINE',
  'CREATE TEMPORARY TABLES',
  'CREATE VIEW',
  'DELETE',
  'DELETE HISTORY',
  'DROP',
  'EVENT',
  'EXECUTE',
  'INDEX',
  'INSERT',
  'LOCK TABLES',
  'REFERENCES',
  'SELECT',
  'SHOW VIEW',
  'TRIGGER',
  'UPDATE',
] as const

export type Privilege = (typeof privileges)[number]

const word = z.string().regex(/^[a-z0-9_]{1,64}$/, 'use a name such as utf8mb4')

const userSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_][\w.-]{0,79}$/, 'use 1 to 80 letters, digits, _ . and -')
      .refine((name) => !systemUsers.includes(name), 'the server lives by it')
      .refine((name) => !name.startsWith(incomingPrefix), `${incomingPrefix}... is for data on its way`),
    host: z
      .string()
      .regex(/^[\w.%:/-]{1,255}$/, 'use a host name, an address, or a pattern such as 10.0.%')
      // The server takes capitals for small letters here, and answers with those.
      .toLowerCase()
      .default('localhost'),
    password: z.instanceof(Secret).optional(),
    passwordHash: z
      .instanceof(Secret)
      .refine((hash) => /^\*[0-9A-F]{40}$/.test(hash.reveal()), 'it is no hash as PASSWORD() makes it')
      .optional(),
    privileges: z.array(z.enum(privileges)).min(1).default(['ALL PRIVILEGES']),
  })
  .refine(
    ({ password, passwordHash }) => (password === undefined) !== (passwordHash === undefined),
    'give one of password and passwordHash',
  )

function isOnce(users: readonly { name: string; host: string }[]): boolean {
  return new Set(users.map(({ name, host }) => `${name}@${host}`)).size === users.length
}

export const databaseSchema = z.strictObject({
  name: databaseName,
  charset: word.default('utf8mb4'),
  collation: word.default('utf8mb4_unicode_ci'),
  users: z
    .array(userSchema)
    .refine(isOnce, 'a user is there twice: the server would have what the last one says, for now')
    .default([]),
})

/** Who may use a database. */
export interface MariadbUser {
  name: string
  /** From where; default localhost. */
  host?: string | undefined
  /** In clear; only its hash reaches the server. */
  password?: Secret | undefined
  /** Instead of `password`: a hash as PASSWORD() makes it, `*` and 40 capital hexadecimal digits. */
  passwordHash?: Secret | undefined
  /** On this database; default all. */
  privileges?: readonly Privilege[] | undefined
}

/** A database with those who may use it. */
export interface MariadbDatabase {
  name: string
  /** Default utf8mb4. Tables that are there keep theirs. */
  charset?: string | undefined
  /** Default utf8mb4_unicode_ci. */
  collation?: string | undefined
  /** Nobody else has privileges on this database. */
  users?: readonly MariadbUser[] | undefined
}

export type CheckedDatabase = z.output<typeof databaseSchema>
export type CheckedUser = CheckedDatabase['users'][number]

/** The hash of a user's password, as the server keeps it. */
export function hashOf({ password, passwordHash }: CheckedUser): Secret {
  if (passwordHash !== undefined) return passwordHash
  if (password === undefined) throw new TypeError('a user has a password or its hash')
  return password.map((clear) => {
    const once = createHash('sha1').update(clear).digest()
    return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`
  })
}

/** Where data on its way to a database waits. */
export function incomingName(database: string): string {
  return incomingPrefix + createHash('sha256').update(database).digest('hex').slice(0, 24)
}

export function defaultsOf({ charset, collation }: CheckedDatabase): string {
  return `character set ${charset} collate ${collation}`
}
