import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from './wait.ts'

/**
 * Every host gets a control group of its own in each hierarchy. The systemd inside believes it owns what it sees:
 * two of them in one group would make and remove the same groups for their services. It also tells every process
 * of a host, for as long as there is one.
 */
export function createGroups(name: string): string[] {
  return hierarchies().map((hierarchy) => {
    const group = join(hierarchy, name)
    mkdirSync(group, { recursive: true })
    return join(group, 'cgroup.procs')
  })
}

/** Kills every process below a group and waits until they are gone. */
export async function killGroup(name: string): Promise<void> {
  await waitFor(`the processes of ${name} to end`, () => {
    const pids = processesOf(name)
    for (const pid of pids) kill(pid)
    return pids.length === 0
  })
}

export async function removeGroup(name: string): Promise<void> {
  await killGroup(name)
  for (const hierarchy of hierarchies()) removeTree(join(hierarchy, name))
}

function processesOf(name: string): number[] {
  const pids = hierarchies().flatMap((hierarchy) => tree(join(hierarchy, name)).flatMap(readPids))
  return [...new Set(pids)]
}

/** Mounted hierarchies but cpuset, whose groups take no process before they are given processors. */
function hierarchies(): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type = '', options = '']) => type.startsWith('cgroup') && !/\bcpuset\b/.test(options))
    .map(([, path = '']) => path)
}

function tree(group: string): string[] {
  if (!existsSync(group)) return []
  const children = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [...children.flatMap((child) => tree(join(group, child.name))), group]
}

function readPids(group: string): number[] {
  try {
    return readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
  } catch {
    // The group vanished between listing and reading, and its processes with it.
    return []
  }
}

function removeTree(group: string): void {
  for (const child of tree(group)) rmdirSync(child)
}

function kill(pid: number): void {
  try {
    // 0 is a process of a namespace that we cannot see; it ends with the first process of that namespace.
    if (pid > 0) process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}
