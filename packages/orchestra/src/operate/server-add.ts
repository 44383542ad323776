import { z } from 'zod'
import { OrchestraError } from '../errors.ts'
import { addServer } from '../fleet/index.ts'
import { fetchHostKey, type HostKey } from '../methods/index.ts'
import { approveKey, getServer, recordPresentedKey } from '../server/index.ts'
import { newServer } from '../server/server.ts'
import type { Context } from './context.ts'
import {
  defined,
  flagField,
  methodField,
  nameField,
  nameList,
  pathField,
  portField,
  textField,
} from './fields.ts'
import { hasHostKey, patience } from './server-facts.ts'
import { type ServerView, toView } from './server-view.ts'
import { writing } from './verb.ts'

/** A new server as it was registered. */
export interface ServerAdded {
  server: ServerView
  /** The host key that it showed; null where it was not asked. */
  presented: HostKey | null
  /** Scripts may run there. */
  approved: boolean
}

/** Whether the key that a new server shows is its own. */
export interface KeyQuestion {
  server: string
  key: HostKey
}

/** Registers a server once it has shown its host key; what is wrong is told before anything is written. */
export const serverAdd = writing({
  name: 'server.add',
  about: 'Registers a server; it works once its host key is approved',
  needs: 'servers',
  answers: 'late',
  input: z.strictObject({
    name: nameField,
    host: textField.optional(),
    port: portField.optional(),
    user: nameField.optional(),
    method: methodField.optional(),
    identityFile: pathField.optional(),
    sudo: z.boolean().optional(),
    directory: pathField.optional(),
    tags: nameList.default([]),
    acceptKey: textField.optional(),
    offline: flagField,
  }),
  audit: { action: 'server.add', target: ({ name }) => name },
  run: async (context: Context<KeyQuestion>, { acceptKey, offline, ...given }): Promise<ServerAdded> => {
    const { store, principal } = context
    const server = defined(given)
    const target = { ...newServer(server), hostKey: null }
    const asks = hasHostKey(target.method) && !offline
    const key = asks ? await fetchHostKey(target, patience.connect) : undefined
    if (acceptKey !== undefined) assertAccepted(server.name, acceptKey, key)
    const row = await addServer(store, { ...server, by: principal.name })
    if (key !== undefined) await recordPresentedKey(store, row.id, key.key)
    const approved = key !== undefined && (await approveIfWanted(context, row.name, key, acceptKey))
    const view = toView(await getServer(store, row.name))
    return { server: view, presented: key ?? null, approved: approved || !hasHostKey(row.method) }
  },
})

function assertAccepted(name: string, accepted: string, key: HostKey | undefined): void {
  if (key?.fingerprint === accepted) return
  const presented = key === undefined ? 'was not asked for its key' : `presents ${key.fingerprint}`
  throw new OrchestraError(
    'ORC_HOST_KEY_UNKNOWN',
    `Server ${name} ${presented}, not ${accepted}; it is not registered`,
    {
      hint: 'Compare with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints on the server itself',
    },
  )
}

async function approveIfWanted(
  { store, principal, agree }: Context<KeyQuestion>,
  server: string,
  key: HostKey,
  acceptKey: string | undefined,
): Promise<boolean> {
  const wanted = acceptKey !== undefined || (await agree({ server, key })) === 'given'
  if (wanted) await approveKey(store, server, key.fingerprint, { by: principal.name })
  return wanted
}
