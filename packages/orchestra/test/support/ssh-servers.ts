import { mkdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { addServer } from '../../src/fleet/index.ts'
import type { Sshd } from './sshd.ts'
import type { World } from './world.ts'

/** Registers a directory that is reached through a test sshd, with its host key approved; `port` may be that of a proxy. */
export async function addSshServer(world: World, sshd: Sshd, name: string, port: number): Promise<void> {
  const directory = join(world.directory, name)
  await mkdir(directory, { recursive: true })
  await addServer(world.store, {
    name,
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    identityFile: sshd.clientKeyPath,
    directory,
    by: 'test',
  })
  await world.store.query('update orchestra.server set host_key = $2 where name = $1', [
    name,
    await sshd.hostKey(),
  ])
}
