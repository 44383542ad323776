import { OrchestraError } from '../errors.ts'
import { fetchHostKey, fingerprint } from '../methods/index.ts'
import { approveKey, getServer, recordPresentedKey, type ServerRow, toTarget } from '../server/index.ts'
import { NotAgreed } from './consent.ts'
import { hasHostKey, keyState, patience } from './server-facts.ts'
import type { Ending, Session } from './session.ts'

/** Approves the key that a server presents, shown beside the one that was approved before. */
export async function approveServer(session: Session, name: string, given?: string): Promise<Ending> {
  const server = await withPresentedKey(session, name)
  const presented = fingerprint(server.presented_key ?? '')
  const before = server.host_key === null ? null : fingerprint(server.host_key)
  const result = { server: name, approved: presented, before }
  const { terminal } = session
  if (keyState(server.host_key, server.presented_key) === 'approved') {
    terminal.tell(result, `${presented} of ${name} is approved already`)
    return 'done'
  }
  if (!terminal.json) showKeys(session, before, presented)
  const wanted = given ?? (await askFingerprint(session, name, presented))
  await approveKey(await session.store(), name, wanted, { by: session.by })
  terminal.tell(result, `approved: work goes on for ${name}`)
  return 'done'
}

async function withPresentedKey(session: Session, name: string): Promise<ServerRow> {
  const store = await session.store()
  const server = await getServer(store, name)
  if (!hasHostKey(server.method)) {
    throw new OrchestraError(
      'ORC_SERVER_INVALID',
      `Server ${name} is reached by ${server.method}, which has no host key`,
      {
        hint: 'There is nothing to approve',
      },
    )
  }
  if (server.presented_key !== null) return server
  const { key } = await fetchHostKey(toTarget(server), patience.connect)
  await recordPresentedKey(store, server.id, key)
  return { ...server, presented_key: key }
}

function showKeys({ terminal }: Session, before: string | null, presented: string): void {
  terminal.line(`approved so far  ${before ?? 'none'}`)
  terminal.line(`presented now    ${presented}`)
}

async function askFingerprint({ terminal }: Session, name: string, presented: string): Promise<string> {
  if (terminal.isInteractive && /^y(es)?$/i.test(await terminal.ask('Approve the presented key? [y/N]')))
    return presented
  throw new NotAgreed(
    `The host key of ${name} is not approved`,
    `If the fingerprint is right: orchestra server approve ${name} ${presented}`,
  )
}
