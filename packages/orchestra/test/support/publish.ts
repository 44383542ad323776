import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
} from 'node:fs'
import { join } from 'node:path'

/**
 * Puts a copy of a directory where every user can read it, and nobody but us write it. It is made once, and again when a cleaner of
 * temporary files took some of it.
 */
export function publish(source: string, target: string): string {
  const found = lstatSync(target, { throwIfNoEntry: false })
  if (found !== undefined) expectOurs(target, found)
  if (found !== undefined && listing(target) === listing(source)) return target
  const made = copied(source, `${target}-new-`)
  if (found !== undefined) rmSync(target, { recursive: true, force: true })
  putInPlace(made, target)
  return target
}

function copied(source: string, prefix: string): string {
  const made = mkdtempSync(prefix)
  cpSync(source, made, { recursive: true, verbatimSymlinks: true })
  for (const path of ['.', ...entries(made)]) letRead(join(made, path))
  return made
}

/** Whoever unpacked the source with a narrow umask alone can read it. */
function letRead(path: string): void {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) return
  const isEntered = found.isDirectory() || (found.mode & 0o100) !== 0
  chmodSync(path, isEntered ? 0o755 : 0o644)
}

/** Of two that copy at once the first is taken; both copied the same. */
function putInPlace(made: string, target: string): void {
  try {
    renameSync(made, target)
  } catch (error) {
    rmSync(made, { recursive: true, force: true })
    const found = lstatSync(target, { throwIfNoEntry: false })
    if (found === undefined) throw error
    expectOurs(target, found)
  }
}

/** Below a directory that everybody may write, a name alone does not tell who made what is there. */
function expectOurs(path: string, found: Stats): void {
  const isOurs = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
  if (!isOurs) throw new Error(`${path} was not made by us: remove it, somebody may have put programs there`)
}

/** All that lies below, with sizes: enough to see that something was taken away. */
function listing(directory: string): string {
  const line = (path: string) => {
    const found = lstatSync(join(directory, path))
    return found.isDirectory() ? path : `${path} ${found.size}`
  }
  return entries(directory).map(line).join('\n')
}

function entries(directory: string): string[] {
  return (readdirSync(directory, { recursive: true }) as string[]).sort()
}
