import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OrchestraError } from '../errors.ts'
import { type ProcessLock, tryLock } from '../store/lock.ts'

/**
 * An embedded database has one worker.
 * @throws OrchestraError ORC_STORE_LOCKED naming the process of the other `orchestra up`
 */
export function lockUp(directory: string): ProcessLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'up.lock')
  const lock = tryLock(path)
  if (lock !== undefined) return lock
  throw new OrchestraError(
    'ORC_STORE_LOCKED',
    `\`orchestra up\` runs already for ${directory}: ${processIn(path)}`,
    {
      hint: 'An embedded database has one worker; end that one first, or use a Postgres (DATABASE_URL) for several',
    },
  )
}

/** Whether this process itself has the embedded database open, rather than reaching it through another. */
export function ownsDatabase(directory: string): boolean {
  return holderOf(lockOf(directory)) === process.pid
}

/** @throws OrchestraError ORC_STORE_LOCKED */
export function ownedElsewhere(directory: string): OrchestraError {
  return new OrchestraError(
    'ORC_STORE_LOCKED',
    `The embedded database in ${directory} is open in another program: ${processIn(lockOf(directory))}`,
    { hint: 'Start `orchestra up` first, then the application: it reaches the database through it' },
  )
}

function lockOf(directory: string): string {
  return join(directory, 'lock')
}

function processIn(path: string): string {
  const pid = holderOf(path)
  return pid === undefined ? `see ${path}` : `process ${pid}`
}

function holderOf(path: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown }
    return typeof pid === 'number' ? pid : undefined
  } catch {
    // Gone or half replaced at this moment: nobody to name.
    return undefined
  }
}
