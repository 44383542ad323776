import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Manager, Orchestra } from 'orchestrajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addServer } from '../../packages/orchestra/src/fleet/index.ts'
import { addRoute } from '../../packages/orchestra/src/router/index.ts'
import config from '../readme/orchestra.config.ts'

const root = resolve(import.meta.dirname, '../..')
const by = 'test'

test('the README shows the example as it is', () => {
  const example = readFileSync(join(root, 'examples/readme/orchestra.config.ts'), 'utf8')
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  expect(readme).toContain(`\`\`\`ts\n${example}\`\`\`\n`)
  expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
})

describe('the example of the README', () => {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-readme-'))
  let orchestra: Orchestra
  let worker: Manager

  beforeAll(async () => {
    orchestra = await Orchestra.open(config, { databaseUrl: undefined, directory: join(directory, 'store') })
    await orchestra.store.query(
      'create table redirect (id serial primary key, host text, target text, active boolean default true)',
    )
    await orchestra.install()
    await addServer(orchestra.store, { name: 'here', method: 'local', directory, by })
    await addRoute(orchestra.store, config, { backend: 'redirects', server: 'here', by })
    worker = orchestra.worker()
    await worker.start()
  })

  afterAll(async () => {
    await worker.stop()
    await orchestra.close()
    rmSync(directory, { recursive: true, force: true })
  })

  /** Commits a statement as one unit of work and answers the outcomes of its operations. */
  async function commit(sql: string): Promise<(string | null)[]> {
    const pool = orchestra.pool(orchestra.store.pool)
    return orchestra.unitOfWork(async (unit) => {
      await pool.query(sql)
      const { operations } = await unit.settled()
      return operations.map(({ outcome }) => outcome)
    })
  }

  const path = join(directory, 'redirects/1.conf')
  const site = () => readFileSync(path, 'utf8')
  const reloads = () => readFileSync(join(directory, 'reloaded'), 'utf8').trim().split('\n').length

  test('puts committed rows on a server', async () => {
    const insert = `insert into redirect (host, target) values ('old.example', 'https://new.example/')`
    expect(await commit(insert)).toEqual(['success'])
    expect(site()).toBe('server { server_name old.example; return 301 https://new.example/; }\n')
    expect(reloads()).toBe(1)
  })

  test('follows a change', async () => {
    await commit(`update redirect set target = 'https://newer.example/'`)
    expect(site()).toContain('https://newer.example/;')
    expect(reloads()).toBe(2)
  })

  test('takes away what is not active', async () => {
    await commit('update redirect set active = false')
    expect(existsSync(path)).toBe(false)
    await commit('update redirect set active = true')
    expect(site()).toContain('https://newer.example/;')
  })

  test('finds by a check what somebody removed, and a synchronization puts it back', async () => {
    rmSync(path)
    expect(await orchestra.checkNow()).toMatchObject([{ object: 'redirect:1', state: 'missing' }])
    await orchestra.sync()
    expect(site()).toContain('https://newer.example/;')
  })

  test('removes what is deleted', async () => {
    expect(await commit('delete from redirect')).toEqual(['success'])
    expect(existsSync(path)).toBe(false)
  })

  test('names a row that does not fit its model', async () => {
    const insert = `insert into redirect (host, target) values ('no host', 'nowhere')`
    expect(await commit(insert)).toEqual(['failure'])
  })
})
