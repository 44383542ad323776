import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, run } from './command.ts'

/**
 * A host's disk: an overlay on the base whose changes live in a bounded memory file system. A full disk is
 * then a full disk of this host alone.
 */
export async function mountDisk(directory: string, base: string, megabytes: number): Promise<string> {
  const disk = join(directory, 'disk')
  mkdirSync(disk, { recursive: true })
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'orchestra-lab', disk])
  for (const name of ['upper', 'work', 'root']) mkdirSync(join(disk, name))
  const layers = `lowerdir=${base},upperdir=${disk}/upper,workdir=${disk}/work`
  const root = rootOf(directory)
  await run('mount', ['-t', 'overlay', '-o', layers, 'orchestra-lab', root])
  return root
}

export function rootOf(directory: string): string {
  return join(directory, 'disk', 'root')
}

/** Unmounts whatever is mounted below a directory, innermost first. */
export async function unmountBelow(directory: string): Promise<void> {
  const below = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
  for (const path of below.reverse()) await attempt('umount', ['--lazy', path])
}
