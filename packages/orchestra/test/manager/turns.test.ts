import { expect, it } from 'vitest'
import { OneAtATime } from '../../src/manager/one-at-a-time.ts'
import { TURNS_BEFORE_A_LOOK, WaitingLanes } from '../../src/manager/waiting-lanes.ts'

it('lanes that wait get their turn in the order in which they came, changes before looks', () => {
  const waiting = new WaitingLanes()
  waiting.add(1, 'inspection')
  waiting.add(2, 'changes')
  waiting.add(3, 'changes')
  waiting.add(2, 'changes')
  waiting.add(3, 'inspection')
  expect(waiting.size).toBe(3)
  expect([waiting.next(), waiting.next(), waiting.next(), waiting.next()]).toEqual([2, 3, 1, undefined])
})

it('a look gets its turn although changes never end', () => {
  const waiting = new WaitingLanes()
  waiting.add(99, 'inspection')
  const turns: (number | undefined)[] = []
  for (let n = 0; !turns.includes(99); n++) {
    waiting.add(n, 'changes')
    turns.push(waiting.next())
  }
  expect(turns).toHaveLength(TURNS_BEFORE_A_LOOK + 1)
})

it('what is to be done one at a time is never done beside itself, and once more when it was asked for meanwhile', async () => {
  const ends: (() => void)[] = []
  const work = new OneAtATime(() => new Promise((resolve) => ends.push(resolve)))
  work.tick()
  work.tick()
  expect(ends).toHaveLength(1)
  const asked = work.ask()
  ends[0]?.()
  await Promise.resolve()
  await Promise.resolve()
  expect(ends).toHaveLength(2)
  ends[1]?.()
  await asked
  work.tick()
  expect(ends).toHaveLength(3)
  ends[2]?.()
  await work.end()
})
