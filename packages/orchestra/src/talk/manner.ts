import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import type { Message } from './send.ts'

/** Whom a backend's scripts run as, and how long they may take. */
export function mannerOf(
  { worker }: Pick<Config, 'worker'>,
  { user, timeouts }: Pick<Backend, 'user' | 'timeouts'>,
): Pick<Message, 'user' | 'timeouts'> {
  return { user: user ?? null, timeouts: { ...worker.timeouts, ...timeouts } }
}
