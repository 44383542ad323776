import { z } from 'zod'
import { OrchestraError } from '../errors.ts'
import { fetchHostKey, fingerprint } from '../methods/index.ts'
import { approveKey, getServer, recordPresentedKey, type ServerRow, toTarget } from '../server/index.ts'
import { NotAgreed } from './agreement.ts'
import type { Context } from './context.ts'
import { nameField, textField } from './fields.ts'
import { hasHostKey, keyState, patience } from './server-facts.ts'
import { writing } from './verb.ts'

/** A host key that a server presents, beside the one that was approved before. */
export interface PresentedKey {
  server: string
  /** Fingerprint of the key that it presents. */
  approved: string
  /** Fingerprint of the key that was approved before it. */
  before: string | null
}

export const serverApprove = writing({
  name: 'server.approve',
  about: 'Approves the host key that a server presents',
  needs: 'servers',
  answers: 'late',
  input: z.strictObject({ server: nameField, fingerprint: textField.optional() }),
  audit: { action: 'server.approve', target: ({ server }) => server },
  run: async (
    { store, principal, agree }: Context<PresentedKey>,
    { server: name, fingerprint: given },
  ): Promise<PresentedKey> => {
    const server = await withPresentedKey(store, name)
    const presented = fingerprint(server.presented_key ?? '')
    const before = server.host_key === null ? null : fingerprint(server.host_key)
    const key: PresentedKey = { server: name, approved: presented, before }
    if (keyState(server.host_key, server.presented_key) === 'approved') return key
    if (given === undefined && (await agree(key)) !== 'given') throw notApproved(key)
    await approveKey(store, name, given ?? presented, { by: principal.name })
    return key
  },
})

function notApproved({ server, approved }: PresentedKey): NotAgreed {
  return new NotAgreed(
    `The host key of ${server} is not approved`,
    `If the fingerprint is right: orchestra server approve ${server} ${approved}`,
  )
}

async function withPresentedKey(store: Context['store'], name: string): Promise<ServerRow> {
  const server = await getServer(store, name)
  if (!hasHostKey(server.method)) {
    throw new OrchestraError(
      'ORC_SERVER_INVALID',
      `Server ${name} is reached by ${server.method}, which has no host key`,
      { hint: 'There is nothing to approve' },
    )
  }
  if (server.presented_key !== null) return server
  const { key } = await fetchHostKey(toTarget(server), patience.connect)
  await recordPresentedKey(store, server.id, key)
  return { ...server, presented_key: key }
}
