import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Script, sh } from '../../src/script/index.ts'
import { machine } from './harness.ts'

test('a service is reloaded once for many changes, and not at all for none', async () => {
  const { run, directory } = machine()
  const operations = Array.from(
    { length: 30 },
    (_, n) => (s: Script) => s.file(join(directory, `f${n}`), 'x'),
  )
  const commit = (s: Script) => s.reload('web', { command: sh`echo reloaded` })
  const first = await run({ operations, commit })
  expect(first.reloads).toEqual([{ verb: 'reload', service: 'web', status: 'ok', exit: 0 }])
  expect(first.outputOf('commit')).toBe('reloaded\n')
  expect((await run({ operations, commit })).reloads).toEqual([])
})

test('a restart takes the place of a reload', async () => {
  const { run, state } = machine()
  const result = await run({
    operations: [
      (s) => {
        s.run(sh`true`)
        s.restart('web', { command: sh`echo restart` })
      },
    ],
    commit: (s) => s.reload('web', { command: sh`echo reload` }),
  })
  expect(result.reloads).toEqual([{ verb: 'restart', service: 'web', status: 'ok', exit: 0 }])
  expect(readdirSync(join(state, 'owed/test'))).toEqual([])
})

test("a reload in an operation is owed by that operation's changes only", async () => {
  const { run } = machine()
  const result = await run({
    operations: [
      (s) => {
        s.run(sh`true`, { unless: sh`true` })
        s.reload('a', { command: sh`true` })
      },
      (s) => {
        s.reload('b', { command: sh`true` })
        s.run(sh`true`)
      },
    ],
  })
  expect(result.reloads.map((reload) => reload.service)).toEqual(['b'])
})

test('a reload that fails fails those who caused it, stays owed, and is tried again by the next script', async () => {
  const { run, directory, state } = machine()
  const works = join(directory, 'works')
  const operations = [
    (s: Script) => s.file(join(directory, 'f'), 'x'),
    (s: Script) => s.run(sh`true`, { unless: sh`true` }),
  ]
  const commit = (s: Script) => s.reload('web', { command: sh`echo trying; test -e ${works}` })
  const failed = await run({ operations, commit })
  expect(failed.outcomes()).toEqual(['failed 1 reload.web changed', 'ok unchanged'])
  expect(failed.reloads).toEqual([{ verb: 'reload', service: 'web', status: 'failed', exit: 1 }])
  const again = await run({ operations: operations.slice(0, 1), commit })
  expect(again.outcomes()).toEqual(['failed 1 reload.web unchanged'])
  writeFileSync(works, '')
  const paid = await run({ operations: operations.slice(0, 1), commit })
  expect(paid.outcomes()).toEqual(['ok unchanged'])
  expect(paid.reloads).toMatchObject([{ status: 'ok' }])
  expect(readdirSync(join(state, 'owed/test'))).toEqual([])
})

test('a debt that no step of the next script knows is paid with the command it was made with', async () => {
  const { run, directory } = machine()
  const log = join(directory, 'log')
  const owing = (s: Script) => {
    s.run(sh`kill -9 $$`)
    s.reload('old', { command: sh`echo ${"it's paid"} >>${log}` })
  }
  await run({ operations: [owing] })
  const result = await run({ operations: [(s) => s.run(sh`true`)] })
  expect(result.reloads).toEqual([{ verb: 'reload', service: 'old', status: 'ok', exit: 0 }])
  expect(readFileSync(log, 'utf8')).toBe("it's paid\n")
})
