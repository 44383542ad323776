import { type Command, notMounted, sh } from 'orchestrajs'

/** What belongs to accounts as a whole, root's own: numbers that were somebody's, what is left of accounts that are gone. */
export const stateDirectory = '/var/lib/orchestra/accounts'

/** Removes a tree that is root's to remove. */
export function removeTree(path: string | Command): Command {
  return sh`${notMounted(path)}
rm -rf --one-file-system -- ${path}`
}

/** Where a home is put together that comes from another server. */
export function incomingPath<Path extends string | Command>(home: Path): Path
export function incomingPath(home: string | Command): string | Command {
  return typeof home === 'string' ? `${home}.orchestra-incoming` : sh`${home}.orchestra-incoming`
}

/** Makes directories that are root's alone, with those above that are missing. */
export function ownDirectories(...paths: readonly string[]): Command {
  return sh`(umask 077; mkdir -p -- ${paths})`
}
