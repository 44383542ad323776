import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMethods } from '../../src/methods/index.ts'
import { record, renderScript } from '../../src/script/index.ts'
import { Project } from './project.ts'

const TIMEOUT = 180_000

let project: Project
let there: string

beforeAll(async () => {
  project = new Project()
  await project.run('init')
  there = join(project.directory, 'there')
  mkdirSync(there)
  await project.run('server', 'add', 'here', '--method', 'local', '--directory', there)
}, TIMEOUT)

afterAll(() => project.remove())

/** What a backend's delete does on the server. */
async function throwAway(name: string): Promise<string> {
  const path = join(there, name)
  writeFileSync(path, name)
  const runId = randomUUID()
  const recording = record('delete', (script) => script.trash(path, { note: `note on ${name}` }))
  const operations = [{ index: 0, label: `delete site:${name}`, action: 'delete', recording }]
  const { text } = renderScript({ runId, backend: 'sites', server: 'here', fence: 1, operations })
  const methods = createMethods()
  const target = { name: 'here', method: 'local', host: '', port: 0, user: 'root', sudo: false } as const
  await methods.local.run(
    { ...target, hostKey: null, identityFile: null, directory: there },
    {
      runId,
      script: Buffer.from(text),
      interpreter: null,
      user: null,
      timeouts: { connect: 5_000, idle: 30_000, total: 60_000 },
      signal: new AbortController().signal,
      onStart: () => undefined,
      onOutput: () => undefined,
    },
  )
  await methods.close()
  return path
}

test('what was removed is listed, goes back by its id, and is gone for good once the trash was emptied', {
  timeout: TIMEOUT,
}, async () => {
  const [one, two] = [await throwAway('one'), await throwAway('two')]
  const entries = await project.json<{ id: string; path: string; server: string; label: string }[]>(
    'trash',
    'list',
  )
  expect(entries.map(({ path }) => path).sort()).toEqual([one, two])
  expect(entries[0]).toMatchObject({ server: 'here', backend: 'sites' })
  const listed = await project.run('trash', 'list', '--backend', 'sites')
  expect(listed.stdout).toMatch(/here .* sites +delete site:one .*one +note on one/)
  const id = entries.find(({ path }) => path === one)?.id ?? ''
  const restored = await project.run('trash', 'restore', 'here', id)
  expect(restored).toMatchObject({ code: 0, stdout: `${one} is back on here\n` })
  expect(readFileSync(one, 'utf8')).toBe('one')
  const unknown = await project.run('trash', 'restore', 'here', id)
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toContain('ORC_TRASH_UNKNOWN')
  const unasked = await project.run('trash', 'empty')
  expect(unasked.code).toBe(2)
  expect(unasked.stderr).toContain('--yes')
  expect((await project.run('trash', 'empty', '--older-than', '1d', '--yes')).stdout).toContain(
    'here: 0 removed',
  )
  expect((await project.run('trash', 'empty', '--yes')).stdout).toContain('here: 1 removed')
  expect(existsSync(two)).toBe(false)
  expect(readdirSync(join(there, '.orchestra-state', 'trash', 'sites'))).toEqual([])
})
