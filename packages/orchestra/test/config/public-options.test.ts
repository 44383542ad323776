import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineConfig, defineModel, Manager, Orchestra } from '../../src/index.ts'
import { backendChecks, sshHost } from '../../src/testing/index.ts'

const site = defineModel({ name: 'site', schema: z.object({ id: z.int() }) })
const config = defineConfig({ models: [site], backends: [] })

/** As plain JavaScript gives them: no type was checked. */
const untyped = (options: object) => options as never

const directory = mkdtempSync(join(tmpdir(), 'orchestra-options-'))
let orchestra: Orchestra

beforeAll(async () => {
  orchestra = await Orchestra.open(config, { directory })
  await orchestra.install()
})

afterAll(async () => {
  await orchestra.close()
  rmSync(directory, { recursive: true, force: true })
})

describe('a misspelled option of what an application calls is refused, with the name that was meant', () => {
  const cases: [where: string, misspelled: string, meant: string, work: () => unknown][] = [
    [
      'Orchestra.open()',
      'databaseURL',
      'databaseUrl',
      () => Orchestra.open(config, untyped({ databaseURL: '' })),
    ],
    ['orchestra.worker()', 'onErorr', 'onError', () => orchestra.worker(untyped({ onErorr: save }))],
    [
      'Manager',
      'method',
      'methods',
      () => new Manager(untyped({ store: orchestra.store, config, method: {} })),
    ],
    ['manager.stop()', 'grase', 'grace', () => orchestra.worker().stop(untyped({ grase: 1 }))],
    ['orchestra.unitOfWork()', 'acter', 'actor', () => orchestra.unitOfWork(save, untyped({ acter: 'a' }))],
    ['orchestra.express()', 'acter', 'actor', () => orchestra.express(untyped({ acter: save }))],
    ['orchestra.fastify()', 'acter', 'actor', () => orchestra.fastify(untyped({}), untyped({ acter: save }))],
    ['orchestra.collect()', 'acton', 'action', () => orchestra.collect('site', 1, untyped({ acton: 'x' }))],
    ['orchestra.plan()', 'sever', 'server', () => orchestra.plan(untyped({ sever: 'a' }))],
    ['orchestra.sync()', 'allowDelete', 'allowDeletes', () => orchestra.sync(untyped({ allowDelete: 1 }))],
    ['orchestra.checkNow()', 'backends', 'backend', () => orchestra.checkNow(untyped({ backends: 'a' }))],
    [
      'unit.settled()',
      'timout',
      'timeout',
      () => orchestra.unitOfWork((unit) => unit.settled(untyped({ timout: 1 }))),
    ],
    [
      'unit.plan()',
      'cliant',
      'client',
      () => orchestra.unitOfWork((unit) => unit.plan(untyped({ cliant: {} }))),
    ],
    ['backendChecks()', 'object', 'objects', () => backendChecks(untyped({ backend: {}, object: [] }))],
    ['sshHost()', 'prot', 'port', () => sshHost(untyped({ host: 'a', prot: 1 }))],
  ]

  test.each(cases)('%s: %s', async (where, misspelled, meant, work) => {
    await expect((async () => work())()).rejects.toMatchObject({
      code: 'ORC_OPTION_UNKNOWN',
      message: `${where} has no option \`${misspelled}\``,
      hint: expect.stringContaining(`Did you mean \`${meant}\`?`),
    })
  })
})

test('a refused stop stops nothing, and the next one does', async () => {
  const worker = orchestra.worker()
  await worker.start()
  await expect(worker.stop(untyped({ grase: 1 }))).rejects.toMatchObject({ code: 'ORC_OPTION_UNKNOWN' })
  expect(worker.mode).toBe('running')
  await worker.stop({ grace: 1 })
  expect(worker.mode).toBe('stopped')
})

test('`new Orchestra` says how it is opened', () => {
  const made = Orchestra as unknown as new (...given: object[]) => Orchestra
  expect(() => new made(config, { directory })).toThrow(
    expect.objectContaining({
      code: 'ORC_USAGE',
      hint: expect.stringContaining('await Orchestra.open(config)'),
    }),
  )
})

function save(): undefined {
  return undefined
}
