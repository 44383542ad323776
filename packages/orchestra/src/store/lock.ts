import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hasCode } from './sqlstate.ts'

/** Who holds a lock file: a process id alone may have been given to another process since. */
interface Holder {
  pid: number
  started: string
}

export interface ProcessLock {
  release(): void
}

/** Takes `path` for this process, or answers undefined while another living process has it or is about to. */
export function tryLock(path: string): ProcessLock | undefined {
  for (;;) {
    if (create(path)) return lockOf(path)
    const text = read(path)
    if (text === undefined) continue
    if (isAlive(text)) return undefined
    const succession = succeed(path, text)
    if (succession === 'lost') return undefined
    if (succession === 'done') return lockOf(path)
  }
}

function lockOf(path: string): ProcessLock {
  const mine = describeHolder()
  return { release: () => read(path) === mine && rmSync(path, { force: true }) }
}

/**
 * Takes over the lock of a process that is gone. Only one at a time may, or the second would take it from the first; that is
 * a lock too, and a process that died with it is succeeded in the same way.
 */
function succeed(path: string, stale: string): 'done' | 'lost' | 'changed' {
  const turn = tryLock(`${path}.next`)
  if (turn === undefined) return 'lost'
  try {
    if (read(path) !== stale) return 'changed'
    renameSync(write(path), path)
    return 'done'
  } finally {
    turn.release()
  }
}

function create(path: string): boolean {
  const mine = write(path)
  try {
    // A link appears whole or not at all, so nobody reads a half-written lock.
    linkSync(mine, path)
    return true
  } catch (error) {
    if (hasCode(error, ['EEXIST'])) return false
    throw error
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Writes this process's claim beside the lock and answers where. */
function write(path: string): string {
  const mine = `${path}.${process.pid}`
  writeFileSync(mine, describeHolder(), { mode: 0o600 })
  return mine
}

function describeHolder(): string {
  const holder: Holder = { pid: process.pid, started: startOf(process.pid) }
  return JSON.stringify(holder)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasCode(error, ['ENOENT'])) return undefined
    throw error
  }
}

function isAlive(text: string): boolean {
  const holder = parse(text)
  if (holder === undefined) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (!hasCode(error, ['EPERM'])) return false
  }
  return holder.started === '' || holder.started === startOf(holder.pid)
}

function parse(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { pid, started } = value as Partial<Holder>
    return isProcessId(pid) && typeof started === 'string' ? { pid, started } : undefined
  } catch {
    return undefined
  }
}

/** Zero and below would name whole groups of processes. */
function isProcessId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value < 2 ** 31
}

/** When a process started, in clock ticks since boot; empty where /proc does not tell, or when it is over but not yet reaped. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? '' : (fields[19] ?? '')
  } catch {
    return ''
  }
}
