import { type Command, sh } from 'orchestrajs'

/** What belongs to accounts as a whole, root's own: numbers that were somebody's, what is left of accounts that are gone. */
export const stateDirectory = '/var/lib/orchestra/accounts'

/**
 * Functions for commands that act as root in the place of a home.
 *
 * `sound PATH` fails, with the directory named, unless every directory above PATH is root's, writable by nobody else, and no link. An
 * access list that lets others write shows as a group that may. The entries of such a directory are changed by root alone, so from `/`
 * down what was seen stays true: there is no race.
 *
 * `unmounted PATH` fails when something is mounted at PATH or below it: what is removed or copied there would be somebody else's.
 * Only root mounts, so this too stays true. A mount of the same file system has its number; so mountinfo is asked.
 */
export const placeFunctions: Command = sh`sound() {
  local above=\${1%/*} places=(/) place mode user group
  if [[ $1 != /* || $1/ == */../* ]]; then echo "$1 is no absolute path" >&2; return 1; fi
  while [[ $above ]]; do places+=("$above"); above=\${above%/*}; done
  for place in "\${places[@]}"; do
    if [[ -L $place ]]; then echo "$place is a link: name the directory itself" >&2; return 1; fi
  done
  while read -r mode user group place; do
    if ((user != 0)); then echo "$place belongs to somebody else than root, who could put something in the way" >&2; return 1; fi
    if ((0x$mode & 022)) && { ((0x$mode & 02 || group != 0)) || [[ $(LC_ALL=C ls -ld -- "$place") == ??????????+* ]]; }; then
      echo "$place is writable by others than root" >&2
      return 1
    fi
  done < <(stat -c '%f %u %g %n' -- "\${places[@]}" 2>/dev/null)
}
unmounted() {
  local place
  while read -r _ _ _ _ place _; do
    printf -v place %b "$place"
    if [[ $place == "$1" || $place == "$1"/* ]]; then echo "$place is a file system of its own: unmount it first" >&2; return 1; fi
  done </proc/self/mountinfo
}`

/** Removes a tree that is root's to remove; see `placeFunctions`, which have to stand before. */
export function removeTree(path: string): Command {
  return sh`unmounted ${path}
rm -rf --one-file-system -- ${path}`
}

/** Makes directories that are root's alone, with those above that are missing. */
export function ownDirectories(...paths: readonly string[]): Command {
  return sh`(umask 077; mkdir -p -- ${paths})`
}
