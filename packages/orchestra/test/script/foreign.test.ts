import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Backend, type BackendOptions, defineBackend, defineModel } from '../../src/index.ts'
import { type Owning, ownershipOf, sharedOf } from '../../src/manager/ownership.ts'
import { joinRecordings, recordRenames } from '../../src/manager/renaming.ts'
import { record, recordOperation, renderScript, type ScriptOperation } from '../../src/script/index.ts'
import { machine, type ScriptRun } from './harness.ts'

const thing = defineModel({ name: 'thing', table: 'thing', schema: z.object({ id: z.string() }) })
type Thing = { id: string }
type Options = Partial<BackendOptions<typeof thing.schema, never>>

const files = (options: Options = {}): Backend =>
  defineBackend({
    name: 'files',
    model: thing,
    identity: ({ id }) => id,
    prepare: (script) => script.directory('things'),
    save: (script, { id }) => script.file(`things/${id}`, `of ${id}\n`),
    delete: (script, { id }) => script.absent(`things/${id}`),
    ...options,
  })

/** A save, a deletion, or a rename from what is behind the arrow. */
type Wanted = `${'save' | 'delete'} ${string}`

function server() {
  const host = machine()
  const at = (...names: string[]) => join(host.directory, ...names)
  const run = async (backend: Backend, ...wanted: Wanted[]): Promise<ScriptRun> => {
    const runId = randomUUID()
    const { prepare, commit, list, exists, interpreter, name } = backend
    const hooks = {
      ...(prepare && { prepare: record('prepare', prepare) }),
      ...(commit && { commit: record('commit', commit) }),
    }
    const rendered = renderScript({
      runId,
      backend: name,
      server: 'one',
      fence: 1,
      operations: wanted.map((text, index) => operationOf(backend, text, index)),
      ...hooks,
      ...(interpreter && { interpreter }),
      ...(list && !exists && { list: list.rendered }),
      shared: sharedOf([hooks.prepare, hooks.commit]),
    })
    return host.runText(rendered.text, runId, rendered.token)
  }
  const forget = () => rmSync(join(host.state, 'owned'), { recursive: true, force: true })
  return { ...host, at, run, forget }
}

function operationOf(backend: Backend, text: string, index: number): ScriptOperation {
  const [action = '', id = '', , before] = text.split(' ')
  const object: Thing = { id }
  const lasting = recordOperation(backend, action, object as never)
  const previous = before === undefined ? [] : [{ identity: before, object: { id: before } }]
  const renames = recordRenames(
    backend,
    object,
    previous.map((one) => one.object),
    'rename',
  )
  const recording = joinRecordings([...renames, lasting])
  const owning: Owning = {
    backend,
    action,
    current: { identity: id, object },
    recording,
    lasting,
    previous,
    unmarked: [],
  }
  return { index, label: text, action, recording, ownership: () => ownershipOf(owning) }
}

test('a file that somebody else made is neither changed nor removed', async () => {
  const host = server()
  mkdirSync(host.at('things'))
  writeFileSync(host.at('things', 'a'), 'of somebody\n')
  const saved = await host.run(files(), 'save a', 'save b')
  expect(saved.outcomes()).toEqual(['failed 1 foreign unchanged', 'ok changed'])
  expect(saved.results.find(({ index }) => index === 0)?.subject).toBe(host.at('things', 'a'))
  expect((await host.run(files(), 'delete a')).outcomes()).toEqual(['failed 1 foreign unchanged'])
  expect((await host.run(files(), 'save a <- b')).outcomes()).toEqual(['failed 1 foreign unchanged'])
  expect(readFileSync(host.at('things', 'a'), 'utf8')).toBe('of somebody\n')
  expect(readFileSync(host.at('things', 'b'), 'utf8')).toBe('of b\n')
})

test('ours is changed and removed', async () => {
  const host = server()
  for (const wanted of [
    'save a',
    'save a',
    'delete a',
    'delete a',
    'save a',
    'save b <- a',
    'delete b',
  ] as const)
    expect((await host.run(files(), wanted)).outcomes()[0], wanted).toContain('ok ')
  expect(readdirSync(host.at('things'))).toEqual([])
  expect(readdirSync(join(host.state, 'owned', 'files'))).toEqual(['shared'])
})
