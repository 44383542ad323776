import { expect, test } from 'vitest'
import { ask } from '../../src/inspect/ask.ts'
import { list } from '../../src/inspect/strays.ts'
import { raw, sh } from '../../src/script/index.ts'
import { recordedJob, uniqueSleep } from '../support/jobs.ts'
import { processesWith } from '../support/processes.ts'
import { lookedAt } from './support.ts'

test('a list whose line never ends is not read on, and its script is ended there', async () => {
  const sleeper = uniqueSleep()
  const { inspected } = await lookedAt({ list: sh`${raw(sleeper)} & tr -d '\n' < <(yes)` })
  expect(await list(inspected, {})).toMatchObject({
    kind: 'broken',
    reason: expect.stringContaining('not read on'),
  })
  expect(await processesWith(sleeper)).toEqual([])
})

test('other scripts run while a server sends without end what is of no use', async () => {
  const { inspected } = await lookedAt({ list: sh`tr -d '\n' < <(yes)` })
  const order: string[] = []
  // `read` is cut at its bound and read on: the server decides when it ends.
  const endless = ask(inspected, { reads: [sh`yes | head -c 100000000`.rendered] }).then((reply) => {
    order.push('endless')
    return reply
  })
  for (let count = 0; count < 3; count++) {
    const job = recordedJob(`echo ${count}`)
    expect(await inspected.methods.local.run(inspected.target, job)).toMatchObject({ code: 0 })
    order.push('script')
  }
  const reply = await endless
  expect(order).toEqual(['script', 'script', 'script', 'endless'])
  expect(reply.kind === 'answered' && reply.answers.reads.get(0)?.length).toBe(64 * 1024)
})

test('what hangs in an inspection is ended alone: a list, a guard, and what people are told', async () => {
  const sleeper = uniqueSleep()
  const timeouts = { connect: 1_000, idle: 60_000, total: 60_000, check: 300 }
  const { inspected } = await lookedAt({ list: sh`echo a; ${raw(sleeper)}`, timeouts })
  expect(await list(inspected, {})).toEqual({
    kind: 'broken',
    reason: 'its list failed with status 124: The list did not end within 0.3 s',
  })
  const hangs = sh`echo told; ${raw(sleeper)}`.rendered
  const reply = await ask(inspected, {
    runs: [
      { unless: hangs, onlyIf: null },
      { unless: null, onlyIf: sh`true`.rendered },
    ],
    reads: [hangs, sh`echo more`.rendered],
  })
  if (reply.kind !== 'answered') throw new Error(reply.kind)
  expect([...reply.answers.runs]).toEqual([
    [0, 'cannot'],
    [1, 'runs'],
  ])
  expect([...reply.answers.reads.values()].map(String)).toEqual(['told\n', 'more\n'])
  expect(await processesWith(sleeper)).toEqual([])
})
