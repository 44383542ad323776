import { OrchestraError } from '../errors.ts'
import { givingWay, type Queryable, type Store } from '../store/index.ts'

/** Something that several people may change at once. */
export interface Subject {
  kind: keyof typeof contents
  name: string | number
}

/** All of a row that people change, so that what workers note of it makes no version of its own. */
const contents = {
  server: `select row(method, host, port, login, sudo, identity_file, directory, tags, host_key, held_at, held_by, held_reason, hold_ends)::text
    as content from orchestra.server where name = $1 and removed_at is null`,
  route:
    'select row(backend, server_id, tags, match, enabled)::text as content from orchestra.route where id = $1',
  incident: `select row(state, resolved_by, muted_until, muted_by, muted_reason, acknowledged_by, acknowledged_note,
    merged_into)::text as content
    from orchestra.incident where id = $1`,
  user: 'select row(password, disabled_at)::text as content from orchestra.account where name = $1',
  role: 'select row(permissions)::text as content from orchestra.role where name = $1',
  binding: `select row(role, account_id, token_id, group_name, servers, backends, models, actions)::text as content
    from orchestra.binding where id = $1`,
  token: `select row(account_id, networks, expires_at)::text as content
    from orchestra.token where name = $1 and revoked_at is null`,
  channel: `select row(kind, target, secret, digest_seconds, heartbeat_seconds)::text as content
    from orchestra.channel where name = $1`,
} as const

const verbs: Readonly<Record<keyof typeof contents, ReadonlySet<string>>> = {
  server: new Set(['show', 'set', 'hold', 'release', 'approve', 'remove']),
  route: new Set(['show', 'set', 'enable', 'disable', 'remove']),
  incident: new Set(['show', 'mute', 'acknowledge', 'resolve', 'merge', 'split']),
  user: new Set(['show', 'set', 'remove', 'link']),
  role: new Set(['show', 'set', 'remove']),
  binding: new Set(['show', 'remove']),
  token: new Set(['show', 'revoke']),
  channel: new Set(['show', 'remove']),
}

/** What a verb shows or changes, where that has versions. */
export function subjectOf(verb: string, input: unknown): Subject | undefined {
  const [kind = '', act = ''] = verb.split('.')
  if (!isVersioned(kind) || !verbs[kind].has(act)) return undefined
  const name = (input as Readonly<Record<string, unknown>> | undefined)?.[kind]
  return typeof name === 'string' || typeof name === 'number' ? { kind, name } : undefined
}

function isVersioned(kind: string): kind is keyof typeof contents {
  return Object.hasOwn(contents, kind)
}

/** The version that something has; null where it is not there. */
export function versionOf(db: Queryable, { kind, name }: Subject): Promise<string | null> {
  return read(db, contents[kind], name)
}

/** The same, and nobody else changes it until the transaction ends. */
function lockedVersion(tx: Queryable, { kind, name }: Subject): Promise<string | null> {
  return read(tx, `${contents[kind]} for no key update`, name)
}

/** Digits that are told of a version. */
const SHOWN = 24

async function read(db: Queryable, content: string, name: string | number): Promise<string | null> {
  const [row] = await db.query<{ version: string }>(
    `with v as (${content}) select encode(sha256(convert_to(content, 'UTF8')), 'hex') as version from v`,
    [name],
  )
  return row === undefined ? null : row.version.slice(0, SHOWN)
}

/** Somebody else changed it since whoever asks read it. */
export class ChangedMeanwhile extends OrchestraError {
  readonly present: string

  constructor({ kind, name }: Subject, present: string) {
    super('ORC_CHANGED_MEANWHILE', `The ${kind} ${name} has changed since it was read`, {
      hint: 'Read it again, and decide again',
    })
    this.present = present
  }
}

/** The store for a verb that may change something of these versions alone; null or undefined for any. */
export function expecting(
  store: Store,
  verb: string,
  input: unknown,
  versions: readonly string[] | null | undefined,
): Store {
  const subject = subjectOf(verb, input)
  return subject === undefined || versions == null ? store : whileUnchanged(store, subject, versions)
}

/**
 * A store whose transactions do nothing where something is of none of the versions that are expected: it is looked at and locked in
 * the transaction that changes it. What a verb changes itself it may change further.
 */
function whileUnchanged(store: Store, subject: Subject, expected: readonly string[]): Store {
  let known = expected
  const transaction: Store['transaction'] = async (work, options) => {
    // What is begun in a way of its own reads what is the application's.
    if (options?.opening !== undefined) return store.transaction(work, options)
    const { result, left } = await givingWay(store, async (tx) => {
      const present = await lockedVersion(tx, subject)
      // What is not there is for the verb to tell.
      if (present !== null && !known.includes(present)) throw new ChangedMeanwhile(subject, present)
      return { result: await work(tx), left: await versionOf(tx, subject) }
    })
    if (left !== null) known = [left]
    return result
  }
  return { ...store, transaction }
}
