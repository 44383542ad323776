import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Status } from '../../src/placements/index.ts'
import type { Forgotten, ProtectionView } from '../../src/removal/index.ts'
import { untilWithin } from '../support/processes.ts'
import { PATIENCE, Project, query, startFirst } from './project.ts'

const TIMEOUT = 180_000

describe('what may go and what may not', () => {
  const project = new Project({})
  let databaseUrl = ''

  beforeAll(async () => {
    databaseUrl = (await startFirst(project)).databaseUrl
  }, TIMEOUT)
  afterAll(() => project.remove())

  const page = (domain: string) => join(project.directory, 'here', 'sites', `${domain}.html`)
  const addSite = async (id: number, domain: string) => {
    await query(databaseUrl, `insert into site (id, domain, title) values (${id}, '${domain}', 'Hello')`)
    await untilWithin(PATIENCE, 'the page', () => existsSync(page(domain)))
  }

  test('a protected object stays until its protection ends', { timeout: TIMEOUT }, async () => {
    await addSite(1, 'a.example')
    const made = await project.run('protect', 'site:1', '--reason', 'in court', '--by', 'alice')
    expect(made.stdout).toContain('site:1 is protected')
    expect(await project.json<ProtectionView[]>('protect')).toMatchObject([
      { object: 'site:1', backend: null, by: 'alice', reason: 'in court' },
    ])
    expect((await project.run('explain', 'site:1')).stdout).toContain('protected by alice: in court')
    await query(databaseUrl, 'delete from site where id = 1')
    await untilWithin(
      PATIENCE,
      'the refusal',
      async () => (await project.json<Status>('status')).protected.length === 1,
    )
    expect((await project.run('status')).stdout).toContain('Protected, and not removed:')
    expect(existsSync(page('a.example'))).toBe(true)
    expect((await project.run('unprotect', 'site:1')).stdout).toContain('may be removed again')
    await untilWithin(PATIENCE, 'the removal', () => !existsSync(page('a.example')))
  })

  test('an object is forgotten after a yes, and stays', { timeout: TIMEOUT }, async () => {
    await addSite(2, 'b.example')
    const asked = await project.run('forget', 'site:2')
    expect(asked.code).toBe(2)
    expect(asked.stderr).toContain('Nothing was forgotten')
    expect(await project.json<Forgotten>('forget', 'site:2', '--yes')).toMatchObject({
      placements: 1,
      objects: ['site:2'],
    })
    expect(existsSync(page('b.example'))).toBe(true)
    expect((await project.run('forget', 'site:2', '--yes')).stderr).toContain('Nothing is known of site:2')
  })
})
