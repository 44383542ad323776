import type pg from 'pg'
import { codeOf } from './sqlstate.ts'

/** Characters and entries of values up to which a plan that was made for others will do. */
const FEW_CHARACTERS = 8_192
const FEW_ENTRIES = 100

/** The names that texts have as prepared statements, in every session of this process. */
const names = new Map<string, string>()
/** A pooler that gave itself out for Postgres. */
let isShared = false
let generation = 0

/**
 * A statement that every change sends: planning it takes longer than running it, so where a session is one's own it is prepared there
 * once. Its text is a constant, and how much it reads is bounded by its values.
 */
export function often(text: string): string {
  if (!names.has(text)) names.set(text, `orchestra_${names.size}`)
  return text
}

/** The name to send a statement under; undefined where it is to be planned for these values, or belongs to no session. */
export function preparedName(text: string, values: readonly unknown[]): string | undefined {
  const name = names.get(text)
  if (name === undefined || isShared || !values.every(isSmall)) return undefined
  return `${name}_${generation}`
}

/** What many values are joined with is read otherwise than what few are. */
function isSmall(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= FEW_CHARACTERS
  return !Array.isArray(value) || value.length <= FEW_ENTRIES
}

const sessions = new WeakMap<object, boolean>()

/**
 * Whether a client has one session of Postgres for as long as it is connected. A pooler that shares sessions cannot know at the
 * beginning which one will answer, so what it calls itself is not what the session is.
 */
export async function hasSession(client: Pick<pg.ClientBase, 'query'>): Promise<boolean> {
  const known = sessions.get(client)
  if (known !== undefined) return known
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const isOwn = 'processID' in client && client.processID === rows[0]?.pid
  sessions.set(client, isOwn)
  return isOwn
}

/** Learns from an error that what was prepared is not there, or answers otherwise since a migration. */
export function learnFrom(error: unknown): void {
  const code = codeOf(error)
  if (code === '26000' || code === '42P05') isShared = true
  if (code === '0A000') generation += 1
}
