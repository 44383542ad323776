import { chmodSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyTree } from './copy-tree.ts'
import { openDirectory } from './postgres-program.ts'

/** Names the directory of what one run of all tests makes once; see `premade-place.ts`. */
export const premadeVariable = 'ORCHESTRA_TEST_PREMADE'

/** A directory for what is made once and copied: whoever runs Postgres for root must reach it. */
export function makePremadePlace(): string {
  const temporary = process.getuid?.() === 0 ? openDirectory([tmpdir(), '/tmp', '/var/tmp']) : tmpdir()
  const place = mkdtempSync(join(temporary, 'orchestra-premade-'))
  chmodSync(place, 0o711)
  return place
}

/**
 * Fills a new directory with a copy of what `make` makes: databases take seconds to make and little to copy. It is made by the
 * first test of a run that asks; outside of a run it is made anew.
 * @param make makes it in the directory that it is given, and leaves nothing running there
 */
export async function premade(
  name: string,
  target: string,
  make: (directory: string) => Promise<void>,
): Promise<void> {
  const place = process.env[premadeVariable]
  if (place === undefined) return make(target)
  const made = join(place, name)
  if (!isThere(made)) await publishOnce(place, made, make)
  copyTree(made, target)
}

/** Of two files that make it at once the first is taken: both made the same. */
async function publishOnce(
  place: string,
  made: string,
  make: (directory: string) => Promise<void>,
): Promise<void> {
  const mine = mkdtempSync(`${made}-`)
  await make(mine)
  try {
    renameSync(mine, made)
  } catch (error) {
    if (!isThere(made)) throw new Error(`${made} cannot be made in ${place}`, { cause: error })
    rmSync(mine, { recursive: true, force: true })
  }
}

const isThere = (path: string) => statSync(path, { throwIfNoEntry: false }) !== undefined
