import { OrchestraError } from '../errors.ts'
import { parseAddress } from '../methods/address.ts'
import { checkOptions, type NamesOf } from '../options.ts'
import { announce, audit } from '../server/control.ts'
import { type Doer, doerNames } from '../server/doer.ts'
import { lockServer, wakeLane } from '../server/registry.ts'
import {
  type NewServer,
  needsSudo,
  newServer,
  runsHere,
  type ServerOptions,
  type ServerRow,
} from '../server/server.ts'
import { checkTags } from '../server/tags.ts'
import type { Store } from '../store/index.ts'
import { placeByTags } from './placing.ts'

/** What is to be otherwise about a server; all else stays. Null takes a value away. */
export interface ServerChange extends Pick<ServerOptions, 'method' | 'host' | 'port' | 'user' | 'sudo'> {
  identityFile?: string | null
  directory?: string | null
  /** Tags to give it. */
  tag?: readonly string[]
  /** Tags to take from it. */
  untag?: readonly string[]
}

const changeNames: NamesOf<ServerChange> = {
  method: true,
  host: true,
  port: true,
  user: true,
  sudo: true,
  identityFile: true,
  directory: true,
  tag: true,
  untag: true,
}

/** A server as a change made it, and what that means. */
export interface ServerChanged {
  server: ServerRow
  /** Where it is reached changed: what answers there has to present the approved key. */
  moved: boolean
}

/**
 * Changes a server in place. Its approved host key stays, also when its address changes: a machine that presents another is sent
 * nothing until somebody approves that. A key that waited for approval is forgotten with the address that it came from.
 * Other tags place and move objects as routes say.
 * @throws OrchestraError ORC_SERVER_UNKNOWN, ORC_SERVER_INVALID
 */
export async function setServer(
  store: Store,
  name: string,
  change: ServerChange & Doer & { allowDeletes?: number | undefined },
): Promise<ServerChanged> {
  checkOptions('setServer()', change, { ...changeNames, ...doerNames, allowDeletes: true })
  return store.transaction(async (tx) => {
    const before = await lockServer(tx, name, 'no key update')
    const wanted = changedServer(before, change)
    const moved = isMoved(before, wanted)
    const [server] = await tx.query<ServerRow>(
      `update orchestra.server set method = $2, host = $3, port = $4, login = $5, sudo = $6, identity_file = $7, directory = $8,
         tags = $9, presented_key = case when $10 then host_key else presented_key end,
         presented_at = case when $10 and host_key is null then null else presented_at end
       where id = $1 returning *`,
      [before.id, ...valuesOf(wanted), moved],
    )
    if (server === undefined) throw new OrchestraError('ORC_INTERNAL', 'A server was not stored')
    const detail = differences(before, server)
    if (Object.keys(detail).length === 0) return { server, moved }
    await audit(tx, { by: change.by, action: 'server.set', target: name, detail })
    await wakeLane(tx, server.id)
    await announce(tx, `server:${server.id}`)
    if ('tags' in detail)
      await placeByTags(tx, { by: change.by, source: 'server.set', allowDeletes: change.allowDeletes })
    return { server, moved }
  })
}

/**
 * A server as a change would make it. Writes nothing.
 * @throws OrchestraError ORC_SERVER_INVALID
 */
export function changedServer(row: ServerRow, change: ServerChange): NewServer {
  const untag = new Set(checkTags(change.untag ?? []))
  const tags = checkTags([...row.tags, ...(change.tag ?? [])]).filter((tag) => !untag.has(tag))
  const method = change.method ?? row.method
  // An address of this machine is none of another, and the other way round.
  const stays = runsHere(method) === runsHere(row.method)
  // What the new host names itself, as in root@web1:2222, is not asked of the old.
  const named = change.host === undefined ? null : parseAddress(change.host)
  const host = change.host ?? (stays ? row.host : undefined)
  const port = change.port ?? named?.port ?? (stays ? row.port : undefined)
  const user = change.user ?? named?.user ?? row.login
  const identityFile = change.identityFile === undefined ? row.identity_file : change.identityFile
  const directory = change.directory === undefined ? row.directory : change.directory
  return newServer({
    name: row.name,
    method,
    user,
    tags,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...sudoOf(row, change),
    ...(identityFile === null ? {} : { identityFile }),
    ...(directory === null ? {} : { directory }),
  })
}

/** What somebody chose stays; what followed from the login follows from the new one. */
function sudoOf(row: ServerRow, change: ServerChange): Pick<ServerOptions, 'sudo'> {
  if (change.sudo !== undefined) return { sudo: change.sudo }
  const wasChosen = row.sudo !== needsSudo(row.method, row.login)
  return wasChosen ? { sudo: row.sudo } : {}
}

function isMoved(before: ServerRow, { method, host, port }: NewServer): boolean {
  return before.method !== method || before.host !== host || before.port !== port
}

function valuesOf({ method, host, port, user, sudo, identityFile, directory, tags }: NewServer): unknown[] {
  return [method, host, port, user, sudo, identityFile, directory, tags]
}

const fields = [
  'method',
  'host',
  'port',
  'login',
  'sudo',
  'identity_file',
  'directory',
  'tags',
] as const satisfies (keyof ServerRow)[]

/** What is otherwise, as `[before, after]` by field. */
function differences(before: ServerRow, after: ServerRow): Record<string, unknown> {
  const changed = fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
  return Object.fromEntries(changed.map((field) => [field, [before[field], after[field]]]))
}
