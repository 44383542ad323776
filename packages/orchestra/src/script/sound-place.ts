import { type Command, sh } from './sh.ts'

/**
 * A command that fails, and names the directory, unless root alone decides what a path leads to: every directory above it is root's,
 * writable by nobody else, and no link. For commands that act there as root; steps for files see to it by themselves. What it saw stays
 * true until root changes it.
 *
 * @example sh`${soundPlace(home)}; mv -T -- ${made} ${home}`
 */
export function soundPlace(path: string | Command): Command {
  return sh`o_sound ${path}`
}

/**
 * A command that fails, and names the place, when a file system is mounted at a path or below it, bind mounts included: what is
 * removed or copied there would be somebody else's.
 *
 * @example sh`${notMounted(path)}; rm -rf --one-file-system -- ${path}`
 */
export function notMounted(path: string | Command): Command {
  return sh`o_unmounted ${path}`
}
