import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tryLock } from '../../src/store/lock.ts'

const lockModule = new URL('../../src/store/lock.ts', import.meta.url).href

let directory: string
let path: string
let children: ChildProcess[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'orchestra-lock-'))
  path = join(directory, 'lock')
  children = []
})

afterEach(async () => {
  await Promise.all(children.map(kill))
  rmSync(directory, { recursive: true, force: true })
})

/** A process that, at each line it reads, tries for the lock and says whether it has it. */
function contender() {
  const code = `
    const { tryLock } = await import(${JSON.stringify(lockModule)})
    const { createInterface } = await import('node:readline')
    console.log('ready')
    for await (const line of createInterface({ input: process.stdin }))
      console.log(tryLock(line) === undefined ? 'refused' : 'locked')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => (await lines.next()).value
  return { child, ready: answer(), ask: () => child.stdin.write(`${path}\n`), answer }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

test('a lock is held once, and free again when it is released', () => {
  const lock = tryLock(path)
  expect(lock).toBeDefined()
  expect(tryLock(path)).toBeUndefined()
  lock?.release()
  expect(readdirSync(directory)).toEqual([])
  expect(tryLock(path)).toBeDefined()
})

test('what was released cannot be released from another', () => {
  const first = tryLock(path)
  first?.release()
  writeFileSync(path, '{"pid":1,"started":""}')
  first?.release()
  expect(readdirSync(directory)).toEqual(['lock'])
})

test('a living process keeps its lock, and loses it with its life', async () => {
  const other = contender()
  await other.ready
  other.ask()
  expect(await other.answer()).toBe('locked')
  expect(tryLock(path)).toBeUndefined()
  await kill(other.child)
  expect(tryLock(path)).toBeDefined()
})

test.each([
  ['of a process that is gone', '{"pid":2147483646,"started":"1"}'],
  ['whose process id another process has now', `{"pid":${process.pid},"started":"1"}`],
  ['that is empty', ''],
  ['that is no lock', '\0\xff{{'],
  ['of a process group', '{"pid":0,"started":""}'],
  ['of a list', '[1]'],
])('a lock %s is taken over', (_, text) => {
  writeFileSync(path, text)
  expect(tryLock(path)).toBeDefined()
  expect(readdirSync(directory)).toEqual(['lock'])
})

test('a process that died while it took over is succeeded as well', () => {
  const gone = '{"pid":2147483646,"started":"1"}'
  for (const suffix of ['', '.next', '.next.next']) writeFileSync(path + suffix, gone)
  expect(tryLock(path)).toBeDefined()
  expect(readdirSync(directory)).toEqual(['lock'])
})

test('of eight processes that find a stale lock at once, exactly one gets it', async () => {
  const contenders = Array.from({ length: 8 }, contender)
  await Promise.all(contenders.map(({ ready }) => ready))
  for (let round = 0; round < 50; round++) {
    path = join(directory, `lock${round}`)
    writeFileSync(path, '{"pid":2147483646,"started":"1"}')
    for (const { ask } of contenders) ask()
    const answers = await Promise.all(contenders.map(({ answer }) => answer()))
    expect(answers.filter((answer) => answer === 'locked')).toHaveLength(1)
  }
})
