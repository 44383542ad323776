import { suggestion } from '../config/similar.ts'
import { OrchestraError } from '../errors.ts'
import { isoTime } from '../logs/index.ts'
import { fingerprint, sameHostKey } from '../methods/host-key.ts'
import { SERVER_TALLY } from '../operations/tally.ts'
import { checkOptions } from '../options.ts'
import {
  type Condition,
  type Counted,
  choice,
  countRows,
  type Filters,
  moment,
  type Narrowed,
  named,
  oneOf,
  patterned,
  queryWith,
  seenRows,
  textIn,
} from '../query/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { announce, audit } from './control.ts'
import { type Doer, doerNames } from './doer.ts'
import type { ServerRow } from './server.ts'

/** All servers that are not removed, by name. */
export async function listServers(store: Queryable): Promise<ServerRow[]> {
  return store.query<ServerRow>('select * from orchestra.server where removed_at is null order by name')
}

export interface ServerSearch extends Narrowed {
  /** Name of the last one of the page before. */
  after?: string | undefined
  limit?: number | undefined
}

/** Servers that fit, by name. */
export function findServers(store: Queryable, search: ServerSearch): Promise<ServerRow[]> {
  const { after, limit } = search
  const behind: Condition[] = after === undefined ? [] : [(parameter) => `server.name > ${parameter(after)}`]
  return queryWith<ServerRow>(
    store,
    (parameter, all) =>
      `select * from orchestra.server where ${all([...behind, ...conditionsOf(search)])}
       order by name ${limit === undefined ? '' : `limit ${parameter(limit)}`}`,
  )
}

/** How many servers fit. */
export function countServers(store: Queryable, search: ServerSearch): Promise<Counted> {
  return countRows(store, 'orchestra.server', conditionsOf(search))
}

function conditionsOf(search: ServerSearch): Condition[] {
  return [() => 'server.removed_at is null', seenRows(search, 'server', 'server'), ...(search.where ?? [])]
}

/** What a list of servers can be narrowed by. */
export const serverFilters: Filters = {
  by: {
    server: patterned('server.name', 'Its name'),
    tag: {
      about: 'A tag that it has',
      where: (values, parameter) => `server.tags && ${parameter(values)}::text[]`,
    },
    method: oneOf('server.method', ['ssh', 'openssh', 'local', 'function'], 'How scripts get there'),
    user: named('server.login', 'Who scripts log in as'),
    is: choice(
      {
        held: 'server.held_at is not null',
        blocked:
          'exists (select from orchestra.lane where lane.server_id = server.id and lane.blocked_since is not null)',
        unapproved:
          'server.presented_key is distinct from server.host_key and server.presented_key is not null',
        busy: isCounted('running'),
        waiting: isCounted('waiting'),
        failing: isCounted('failing'),
      },
      'How it stands',
    ),
    since: moment('server.created_at', 'since'),
    until: moment('server.created_at', 'until'),
  },
  text: { about: 'What stands in its name or address', where: textIn('server.name', 'server.host') },
}

function isCounted(count: 'running' | 'waiting' | 'failing'): string {
  return `server.id in (select server_id from ${SERVER_TALLY} as tally where ${count} > 0)`
}

/** A host key that a server presents and nobody approved. */
export interface UnapprovedKey {
  server: string
  /** Null where none was approved. */
  before: string | null
  presented: string
  /** ISO 8601. */
  since: string | null
}

/** Those that were presented first, first. */
export function unapprovedKeys(
  db: Queryable,
  { limit, ...seen }: Pick<Narrowed, 'visible'> & { limit: number },
): Promise<UnapprovedKey[]> {
  return queryWith<UnapprovedKey>(
    db,
    (parameter, all) =>
      `select server.name as server, server.host_key as before, server.presented_key as presented,
         ${isoTime('server.presented_at')} as since
       from orchestra.server where ${all([() => IS_UNAPPROVED, seenRows(seen, 'server', 'server')])}
       order by server.presented_at, server.id limit ${parameter(limit)}`,
  )
}

const IS_UNAPPROVED = `server.removed_at is null and server.presented_key is not null
  and server.presented_key is distinct from server.host_key`

/** @throws OrchestraError ORC_SERVER_UNKNOWN */
export async function getServer(store: Queryable, name: string): Promise<ServerRow> {
  return oneServer(store, await store.query<ServerRow>(serverByName, [name]), name)
}

/**
 * As `getServer`, and keeps the server from being removed (`share`), or from getting routes (`no key update`), until the transaction ends.
 * @throws OrchestraError ORC_SERVER_UNKNOWN
 */
export async function lockServer(
  tx: Queryable,
  name: string,
  lock: 'share' | 'no key update',
): Promise<ServerRow> {
  return oneServer(tx, await tx.query<ServerRow>(`${serverByName} for ${lock}`, [name]), name)
}

const serverByName = 'select * from orchestra.server where name = $1 and removed_at is null'

/** The one row there is.
 * @throws OrchestraError ORC_SERVER_UNKNOWN, with the name that may be meant */
export async function oneServer(
  store: Queryable,
  rows: readonly ServerRow[],
  name: string,
): Promise<ServerRow> {
  const [row] = rows
  if (row !== undefined) return row
  const servers = await listServers(store)
  const names = servers.map((server) => server.name)
  throw unknownServer(name, suggestion(name, names, SEE_LIST))
}

const SEE_LIST = 'See `orchestra server list`'

export function unknownServer(name: string, hint = SEE_LIST): OrchestraError {
  return new OrchestraError('ORC_SERVER_UNKNOWN', `No server ${JSON.stringify(name)} is registered`, { hint })
}

/** Remembers the host key that a server showed, until somebody approves it. */
export async function recordPresentedKey(store: Store, serverId: number, key: string): Promise<void> {
  await store.transaction(async (tx) => {
    const [row] = await tx.query<{ name: string }>(
      `update orchestra.server set presented_key = $2, presented_at = now()
       where id = $1 and presented_key is distinct from $2 returning name`,
      [serverId, key],
    )
    if (row === undefined) return
    const detail = { fingerprint: fingerprint(key) }
    await audit(tx, { by: 'orchestra', action: 'server.key-presented', target: row.name, detail })
    await announce(tx, `server:${serverId}`)
  })
}

/**
 * Approves the host key that a server has presented, by its fingerprint.
 * @throws OrchestraError ORC_HOST_KEY_UNKNOWN when it presented another one, or none yet
 */
export async function approveKey(
  store: Store,
  name: string,
  approved: string,
  options: Doer = {},
): Promise<ServerRow> {
  checkOptions('approveKey()', options, doerNames)
  return store.transaction(async (tx) => {
    const server = await getServer(tx, name)
    const key = presentedKey(server, approved)
    if (server.host_key !== null && sameHostKey(server.host_key, key)) return server
    const [row] = await tx.query<ServerRow>(
      'update orchestra.server set host_key = $2 where id = $1 and presented_key = $2 returning *',
      [server.id, key],
    )
    if (row === undefined) throw wrongKey(`Server ${name} has just presented another key`)
    await wakeLane(tx, row.id)
    const replaced = server.host_key === null ? null : fingerprint(server.host_key)
    await audit(tx, {
      by: options.by,
      action: 'server.approve',
      target: name,
      detail: { fingerprint: approved, replaced },
    })
    await announce(tx, `server:${row.id}`)
    return row
  })
}

function presentedKey(server: ServerRow, approved: string): string {
  const key = server.presented_key
  if (key === null) throw wrongKey(`Server ${server.name} has presented no host key yet`)
  const presented = fingerprint(key)
  if (presented === approved) return key
  throw wrongKey(`Server ${server.name} presented ${presented}, not ${approved}`)
}

/** A lane that rests after a refused key or an unreachable server goes on at once. */
export async function wakeLane(tx: Queryable, serverId: number): Promise<void> {
  await tx.query(`update orchestra.lane set due_at = '-infinity' where server_id = $1`, [serverId])
  await tx.query('notify orchestra_wake')
}

function wrongKey(message: string): OrchestraError {
  return new OrchestraError('ORC_HOST_KEY_UNKNOWN', message, {
    hint: 'Run `orchestra server check` and compare with what `ssh-keygen -lf` prints on the server itself',
  })
}
