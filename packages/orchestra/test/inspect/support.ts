import { lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { z } from 'zod'
import { type Backend, defineBackend } from '../../src/config/backend.ts'
import { type Config, defineConfig } from '../../src/config/config.ts'
import { defineModel, type Model } from '../../src/config/model.ts'
import type { Inspected } from '../../src/inspect/ask.ts'
import type { Finding } from '../../src/inspect/index.ts'
import { createMethods } from '../../src/methods/index.ts'
import { toTarget } from '../../src/server/index.ts'
import { requestSync, type SyncStatus, syncStatus } from '../../src/sync/index.ts'
import { untilWithin } from '../support/processes.ts'
import type { World } from '../support/world.ts'

const Thing = defineModel({ name: 'thing', schema: z.object({ id: z.number() }) })

/** A directory of this machine that is looked at as a server. */
export interface LookedAt {
  directory: string
  inspected: Inspected
}

const directories: string[] = []
const methods = createMethods()

afterEach(async () => {
  await Promise.all(directories.splice(0).map((one) => rm(one, { recursive: true, force: true })))
})

export async function lookedAt(options: Partial<Backend> = {}): Promise<LookedAt> {
  const directory = await mkdtemp(join(tmpdir(), 'orchestra-inspect-'))
  directories.push(directory)
  const backend = defineBackend({ name: 'things', model: Thing, save: () => undefined, ...options })
  const config: Config = defineConfig({ models: [Thing as Model], backends: [backend] })
  const target = toTarget({
    id: 1,
    name: 'here',
    method: 'local',
    host: 'localhost',
    port: 0,
    login: 'root',
    sudo: false,
    identity_file: null,
    directory,
    tags: [],
    host_key: null,
    presented_key: null,
    presented_at: null,
    held_at: null,
    held_by: null,
    held_reason: null,
    hold_ends: null,
    created_at: new Date(),
    removed_at: null,
  })
  const { signal } = new AbortController()
  return { directory, inspected: { config, methods, target, backend, fence: 1, signal } }
}

/** Everything below a directory: types, modes, owners, times and contents. */
export async function treeOf(directory: string, path = '.'): Promise<Record<string, string>> {
  const tree: Record<string, string> = {}
  for (const name of (await readdir(join(directory, path))).sort()) {
    const below = join(path, name)
    const stats = await lstat(join(directory, below), { bigint: true })
    const said = [stats.mode.toString(8), stats.uid, stats.gid, stats.mtimeNs, stats.ctimeNs, stats.ino].join(
      ' ',
    )
    tree[below] = `${said} ${await contentOf(join(directory, below), stats)}`
    if (stats.isDirectory()) Object.assign(tree, await treeOf(directory, below))
  }
  return tree
}

async function contentOf(
  path: string,
  stats: { isFile(): boolean; isSymbolicLink(): boolean },
): Promise<string> {
  if (stats.isSymbolicLink()) return readlink(path)
  return stats.isFile() ? readFile(path, 'latin1') : ''
}

/** Asks for a synchronization and waits for its end. */
export async function ended(world: World, mode: 'check' | 'sync', source = 'test'): Promise<SyncStatus> {
  const { id } = await requestSync(world.store, { mode, actor: 'test', source })
  await untilWithin(30_000, 'the synchronization has ended', async () => {
    return (await syncStatus(world.store, id)).endedAt !== null
  })
  return syncStatus(world.store, id)
}

export const fill = (world: World, count: number) =>
  world.store.query(
    `insert into site select id, 'd' || id, 'body of ' || id from generate_series(1, ${count}) id`,
  )

export const shown = (findings: readonly Finding[]) =>
  findings.map(({ object, identity, state }) => `${object ?? identity} ${state}`).sort()
