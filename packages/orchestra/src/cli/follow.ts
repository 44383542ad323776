import { follow as followStore, type Look, workerList } from '../operate/index.ts'
import type { Session } from './session.ts'
import { stopSignals } from './up-signals.ts'

/** Looks again whenever something may have happened, until it has ended or somebody presses Ctrl-C. */
export async function follow<Value>(
  session: Session,
  look: () => Promise<Look<Value>>,
  shortest?: number,
): Promise<{ value: Value; left: boolean }> {
  const signals = stopSignals()
  try {
    return await followStore(await session.store(), look, signals.first, shortest)
  } finally {
    signals.close()
  }
}

/**
 * Whether it is worth while to wait for workers; says so when none runs. Nobody waits with an embedded database open: a worker that
 * is started then would lose it with the command.
 */
export async function expectWorker(session: Session): Promise<boolean> {
  if (await hasWorker(session)) return true
  session.terminal.note('no worker runs, so this waits: start one with `orchestra up`')
  return (await session.store()).kind !== 'pglite'
}

export async function hasWorker(session: Session): Promise<boolean> {
  return (await session.run(workerList, {})).length > 0
}
