import { AsyncLocalStorage } from 'node:async_hooks'
import type { Secret } from './secret.ts'

/** Whoever wants to know which secrets are made or opened while some code runs. */
export const listening = new AsyncLocalStorage<{ note(secret: Secret): void }>()

export function noteSecret(secret: Secret): void {
  listening.getStore()?.note(secret)
}
