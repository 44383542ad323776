import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { addToken } from '../../src/access/index.ts'
import type { Schedule } from '../../src/config/config.ts'
import { endpoints } from '../../src/http/endpoints/index.ts'
import { byCredentials, type Listening, listen } from '../../src/http/index.ts'
import { adoptable, askerOf, livedIn } from '../operate/world.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

const run = promisify(execFile)

const page = readFileSync(join(import.meta.dirname, '../../../../docs/api.md'), 'utf8')
const [, chapter = ''] = /^## By example$(.*?)^## /ms.exec(page) ?? []

/** What is to be typed, piece by piece; the first says how the others ask. */
const [how = '', ...pieces] = [...chapter.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, piece = '']) => piece)

const nightly: Schedule = { name: 'nightly', cron: '0 3 * * *', does: 'check', server: 'web1' }

test('docs/api.md has an example of every resource', () => {
  const resources = new Set(endpoints.map(({ path }) => path.split('/')[1]))
  const shown = new Set([...chapter.matchAll(/\$API\/(\w+)/g)].map(([, resource]) => resource))
  expect([...resources].filter((resource) => !shown.has(resource)).toSorted()).toEqual(['doctor'])
})

describePostgres('the examples of docs/api.md', (open) => {
  const build = useWorlds(open)
  let api: Listening | undefined
  afterEach(() => api?.close())

  test('do what they say, as they stand there', { timeout: 300_000 }, async () => {
    const world = await livedIn(await build({ ...adoptable, servers: ['web1'], schedules: [nightly] }))
    const { store, config, directory } = world
    const { load, environment } = askerOf(world)
    const troubles: unknown[] = []
    api = await listen({
      ...{ store, config, load, environment, holds: 'servers', host: '127.0.0.1', port: 0 },
      authenticate: byCredentials(store, config.http),
      onError: (error) => troubles.push(error),
    })
    const { token } = await addToken(store, { name: 'ci', role: 'admin', days: 1 }, { by: 'test' })
    await writeFile(join(directory, 'token'), token)
    const env = { ...process.env, API: `${api.url}/api/v1` }
    for (const piece of pieces) {
      const ran = run('bash', ['-euo', 'pipefail', '-c', how + piece], { cwd: directory, env })
      await expect(ran, piece).resolves.toBeDefined()
    }
    expect(troubles).toEqual([])
    const { stdout } = await run('bash', ['-euc', `${how}api $API/audit?by=token:ci`], {
      cwd: directory,
      env,
    })
    expect(stdout).toContain('server.hold')
  })
})
