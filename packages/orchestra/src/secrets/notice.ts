import { AsyncLocalStorage } from 'node:async_hooks'
import type { Secret } from './secret.ts'

/** Whoever wants to know which secrets are made or opened while some code runs. */
export const listening = new AsyncLocalStorage<Listener>()

export interface Listener {
  note(secret: Secret): void
  /** Its value is in the hands of the code that runs. */
  noteOpened(secret: Secret): void
}

export function noteSecret(secret: Secret): void {
  listening.getStore()?.note(secret)
}

export function noteOpened(secret: Secret): void {
  listening.getStore()?.noteOpened(secret)
}
