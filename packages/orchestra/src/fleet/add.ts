import { OrchestraError } from '../errors.ts'
import { checkOptions } from '../options.ts'
import { announce, audit } from '../server/control.ts'
import { type Doer, doerNames } from '../server/doer.ts'
import {
  type NewServer,
  newServer,
  type ServerOptions,
  type ServerRow,
  serverNames,
} from '../server/server.ts'
import type { Queryable, Store } from '../store/index.ts'
import { placeByTags } from './placing.ts'

/**
 * Registers a server and makes its lane.
 * @throws OrchestraError ORC_SERVER_INVALID, ORC_SERVER_EXISTS, ORC_OPTION_UNKNOWN
 */
export async function addServer(store: Store, options: ServerOptions & Doer): Promise<ServerRow> {
  checkOptions('addServer()', options, { ...serverNames, ...doerNames })
  const server = newServer(options)
  return store.transaction(async (tx) => {
    const row = await insertServer(tx, server)
    await tx.query('insert into orchestra.lane (server_id) values ($1)', [row.id])
    await audit(tx, { by: options.by, action: 'server.add', target: row.name, detail: { ...server } })
    await announce(tx, `server:${row.id}`)
    if (row.tags.length > 0) await placeByTags(tx, { by: options.by, source: 'server.add' })
    return row
  })
}

async function insertServer(tx: Queryable, server: NewServer): Promise<ServerRow> {
  const { name, method, host, port, user, sudo, identityFile, directory, tags } = server
  const [row] = await tx.query<ServerRow>(
    `insert into orchestra.server (name, method, host, port, login, sudo, identity_file, directory, tags)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (name) where removed_at is null do nothing
     returning *`,
    [name, method, host, port, user, sudo, identityFile, directory, tags],
  )
  if (row !== undefined) return row
  throw new OrchestraError('ORC_SERVER_EXISTS', `A server ${name} is registered already`, {
    hint: 'Choose another name, or remove that one first with `orchestra server remove`',
  })
}
