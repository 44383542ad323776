import { persist } from '../logs/persist.ts'
import { recordPresentedKey } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import type { Claim } from './claim.ts'

/** Keeps the host key that a server showed instead of the approved one, for somebody to approve. */
export async function notePresentedKey(
  { store, signal }: { store: Store; signal: AbortSignal },
  { server }: Pick<Claim, 'server'>,
  { presentedKey }: { presentedKey: string | null },
): Promise<void> {
  if (presentedKey === null) return
  await persist(signal, () => recordPresentedKey(store, server.id, presentedKey))
}
