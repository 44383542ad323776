import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KeyStatus, Rotation } from '../../src/key/index.ts'
import { PATIENCE, Project, startFirst } from './project.ts'

const TIMEOUT = 180_000

describe('orchestra key', () => {
  const project = new Project({})

  beforeAll(async () => {
    await startFirst(project)
  }, TIMEOUT)
  afterAll(() => project.remove())

  const status = () => project.json<KeyStatus>('key', 'status')
  const keyFile = () =>
    readFileSync(join(project.directory, '.orchestra', 'key'), 'utf8')
      .trim()
      .split('\n')

  test('rotates under a worker, says what may be dropped, and drops it', {
    timeout: 2 * PATIENCE,
  }, async () => {
    const [former] = (await status()).keys
    const rotated = await project.json<Rotation>('key', 'rotate')
    expect(rotated).toMatchObject({ kind: 'rotated', formerKeyIds: [former?.id] })
    const shown = await project.run('key', 'status')
    expect(shown.code).toBe(0)
    expect(shown.stdout).toMatch(new RegExp(`${former?.id} +unused: may be dropped +0`))
    const again = await project.run('key', 'rotate')
    expect(again.stdout).toContain(
      `nothing needs key ${former?.id} any more: \`orchestra key drop ${former?.id}\``,
    )
    expect(keyFile()).toHaveLength(2)
    const inUse = await project.run('key', 'drop', (await status()).keys[0]?.id ?? '')
    expect([inUse.code, inUse.stderr]).toEqual([1, expect.stringContaining('ORC_KEY_IN_USE')])
    expect((await project.run('key', 'drop', former?.id ?? '')).code).toBe(0)
    expect(keyFile()).toHaveLength(1)
    expect((await status()).keys).toMatchObject([{ state: 'encrypts' }])
    expect((await project.run('doctor')).stdout).toContain('key')
  })

  test('shows no key, only ids', { timeout: PATIENCE }, async () => {
    const [key = ''] = keyFile()
    const { stdout, stderr } = await project.run('key', 'status')
    expect(stdout + stderr).not.toContain(key)
  })
})
