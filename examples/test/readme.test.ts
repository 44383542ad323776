import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Manager, Orchestra } from 'orchestrajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addRoute } from '../../packages/orchestra/src/router/index.ts'
import { addServer } from '../../packages/orchestra/src/server/index.ts'
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

  const map = () => readFileSync(join(directory, 'redirects.map'), 'utf8')

  test('puts committed rows on a server', async () => {
    const insert = `insert into redirect (host, target) values ('old.example', 'https://new.example/')`
    expect(await commit(insert)).toEqual(['success'])
    expect(map()).toBe('old.example https://new.example/;\n')
  })

  test('follows a change', async () => {
    await commit(`update redirect set target = 'https://newer.example/'`)
    expect(map()).toBe('old.example https://newer.example/;\n')
  })

  test('takes away what is not active', async () => {
    await commit('update redirect set active = false')
    expect(map()).toBe('')
    await commit('update redirect set active = true')
    expect(map()).toBe('old.example https://newer.example/;\n')
  })

  test('removes what is deleted', async () => {
    expect(await commit('delete from redirect')).toEqual(['success'])
    expect(map()).toBe('')
  })

  test('names a row that does not fit its model', async () => {
    const insert = `insert into redirect (host, target) values ('no host', 'nowhere')`
    expect(await commit(insert)).toEqual(['failure'])
    expect(map()).toBe('')
  })
})
