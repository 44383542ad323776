import { setTimeout as sleep } from 'node:timers/promises'
import { OrchestraError } from '../errors.ts'
import { keysInFile, writeKeyFile } from '../store/key-source.ts'
import { tryLock } from '../store/lock.ts'

const PATIENCE = 5_000

/** Changes the keys of a file, one process at a time. */
export async function changeKeyFile(
  path: string,
  change: (keys: readonly Buffer[]) => Buffer[],
): Promise<void> {
  const lock = await lockOf(path)
  try {
    writeKeyFile(path, change(keysInFile(path).read()))
  } finally {
    lock.release()
  }
}

async function lockOf(path: string): Promise<{ release(): void }> {
  const deadline = Date.now() + PATIENCE
  for (;;) {
    const lock = tryLock(`${path}.lock`)
    if (lock !== undefined) return lock
    if (Date.now() > deadline)
      throw new OrchestraError('ORC_KEY_UNREADABLE', `Another process is changing the key file ${path}`, {
        hint: `It is the one that ${path}.lock names; try again when it has ended`,
      })
    await sleep(50)
  }
}
