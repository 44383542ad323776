import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { raw, type Script, sh } from '../../src/script/index.ts'
import { machine } from './harness.ts'

test('an operation that fails stops nobody else, and its output is its own', async () => {
  const { run } = machine()
  const operations = Array.from({ length: 20 }, (_, n) => (script: Script) => {
    script.run(n === 7 ? sh`echo out ${n}; echo err ${n} >&2; exit 42` : sh`printf ${`out ${n}`}`)
    script.run(sh`printf ' more'`)
  })
  const result = await run({ operations })
  expect(result.outcomes()).toEqual(
    Array.from({ length: 20 }, (_, n) => (n === 7 ? 'failed 42 step unchanged' : 'ok changed')),
  )
  expect(result.outputOf(6)).toBe('out 6 more')
  expect(result.outputOf(7, 'stdout')).toBe('out 7\n')
  expect(result.outputOf(7, 'stderr')).toBe('err 7\n')
})

test.each([
  ['exits', sh`exit 3`, 3],
  ['has a syntax error', sh`${raw('echo ) "')}`, 2],
  ['leaves a quote open', sh`${raw("echo '")}`, 2],
  ['closes the function that runs it', sh`${raw('} ; o_end; {')}`, 2],
  [
    'fails in the middle',
    sh`false
echo not reached`,
    1,
  ],
  ['fails in a pipe', sh`false | cat`, 1],
  ['uses an unset variable', sh`echo $nothing_of_that_name`, 1],
  ['is not there', sh`no-such-command-anywhere`, 127],
  ['kills itself', sh`kill -9 $BASHPID`, 137],
  ['closes its streams', sh`exec >&- 2>&-; exit 5`, 5],
])('a command that %s fails its operation alone', async (_, command, status) => {
  const { run } = machine()
  const result = await run({ operations: [(s) => s.run(command), (s) => s.run(sh`echo after`)] })
  expect(result.outcomes()).toEqual([`failed ${status} step unchanged`, 'ok changed'])
  expect(result.finished).toBe(true)
  expect(result.outputOf(1)).toBe('after\n')
})

test('what a command sets, changes or closes reaches no other', async () => {
  const { run, directory } = machine()
  const result = await run({
    operations: [
      (s) =>
        s.run(
          sh`cd /; set -x; umask 000; LC_ALL=x; o_i=5; exec 3>&1; trap 'echo trap' EXIT; o_end() { :; }; IFS=x`,
        ),
      (s) => s.run(sh`pwd; cat; printf '%s' "$-$IFS"`),
    ],
  })
  expect(result.outputOf(1)).toBe(`${directory}\nehuBc \t\n`)
})

test('guards decide, and one that cannot run is a failure', async () => {
  const { run } = machine()
  const result = await run({
    operations: [
      (s) => s.run(sh`echo ran`, { unless: sh`true` }),
      (s) => s.run(sh`echo ran`, { unless: sh`exit 4` }),
      (s) => s.run(sh`echo ran`, { onlyIf: sh`false` }),
      (s) => s.run(sh`echo ran`, { onlyIf: sh`echo noise` }),
      (s) => s.run(sh`echo ran`, { unless: sh`no-such-command-anywhere` }),
    ],
  })
  expect(result.outcomes()).toEqual([
    'ok unchanged',
    'ok changed',
    'ok unchanged',
    'ok changed',
    'failed 127 step unchanged',
  ])
  expect([0, 1, 2, 3].map((index) => result.outputOf(index))).toEqual(['', 'ran\n', '', 'ran\n'])
})

test('a file never replaces a directory, and a link never leads a write elsewhere', async () => {
  const { run, directory } = machine()
  const at = (path: string) => join(directory, path)
  mkdirSync(at('dir'))
  writeFileSync(at('elsewhere'), 'safe')
  symlinkSync('elsewhere', at('link'))
  symlinkSync('dir', at('dirlink'))
  const result = await run({
    operations: [
      (s) => s.file(at('dir'), 'x'),
      (s) => s.file(at('link'), 'new'),
      (s) => s.file(at('dirlink'), 'new'),
      (s) => s.symlink(at('dir'), 'x'),
      (s) => s.directory(at('elsewhere')),
      (s) => s.file(at('nowhere/file'), 'x'),
    ],
  })
  expect(result.outcomes().map((outcome) => outcome.split(' ')[0])).toEqual([
    'failed',
    'ok',
    'ok',
    'failed',
    'failed',
    'failed',
  ])
  expect(readFileSync(at('elsewhere'), 'utf8')).toBe('safe')
  expect(readFileSync(at('link'), 'utf8')).toBe('new')
  expect(readdirSync(at('dir'))).toEqual([])
  expect(result.outputOf(0)).toContain('is a directory')
  expect(result.outputOf(5)).toContain('No such file or directory')
})

test('a file that cannot be put in place fails its own operation; the others of its mv are in place', async () => {
  const { run, directory } = machine()
  const at = (path: string) => join(directory, path)
  const operations = Array.from({ length: 10 }, (_, n) => (s: Script) => s.file(at(`f${n}`), `new ${n}`))
  // A mount point of its own would do the same without root; a directory that appears after the comparison is simpler.
  operations[4] = (s) => {
    s.file(at('f4'), 'new 4', { owner: 'no-such-user-here' })
  }
  const result = await run({ operations })
  expect(result.outcomes()).toEqual(
    Array.from({ length: 10 }, (_, n) => (n === 4 ? 'failed 1 step unchanged' : 'ok changed')),
  )
  expect(result.outputOf(4)).toContain('no-such-user-here')
  expect(existsSync(at('f4'))).toBe(false)
  expect(readdirSync(directory).filter((name) => name.startsWith('.'))).toEqual([])
})

test('drifted modes are restored, also where the backend gave none', async () => {
  const { run, directory } = machine()
  const at = (path: string) => join(directory, path)
  const script = {
    operations: [1, 2, 3].map(
      (n) => (s: Script) =>
        s.file(at(`f${n}`), 'same', n === 3 ? {} : { mode: 0o4755, owner: process.getuid?.() ?? 0 }),
    ),
  }
  await run(script)
  expect([1, 2, 3].map((n) => statSync(at(`f${n}`)).mode & 0o7777)).toEqual([0o4755, 0o4755, 0o644])
  chmodSync(at('f2'), 0o600)
  chmodSync(at('f3'), 0o600)
  expect((await run(script)).outcomes()).toEqual(['ok unchanged', 'ok changed', 'ok changed'])
  expect([1, 2, 3].map((n) => statSync(at(`f${n}`)).mode & 0o7777)).toEqual([0o4755, 0o4755, 0o644])
})

test('a prepare that fails lets no operation run, and a commit that fails leaves none done', async () => {
  const { run, directory } = machine()
  const touch = (s: Script) => s.run(sh`touch ${join(directory, 'touched')}`)
  const prepared = await run({ operations: [touch, touch], prepare: (s) => s.run(sh`exit 9`) })
  expect(prepared.outcomes()).toEqual(['failed 9 prepare unchanged', 'failed 9 prepare unchanged'])
  expect(existsSync(join(directory, 'touched'))).toBe(false)
  const committed = await run({
    operations: [touch, (s) => s.run(sh`exit 2`)],
    commit: (s) => s.run(sh`exit 8`),
  })
  expect(committed.outcomes()).toEqual(['failed 8 commit changed', 'failed 2 step unchanged'])
})

test('nothing is absent twice, and what is not empty is not removed by accident', async () => {
  const { run, directory } = machine()
  const at = (path: string) => join(directory, path)
  for (const name of ['full', 'tree', 'empty']) mkdirSync(at(name))
  for (const name of ['full/x', 'tree/x', 'file']) writeFileSync(at(name), '')
  symlinkSync('nowhere', at('dangling'))
  const operations = [
    (s: Script) => s.absent(at('full')),
    (s: Script) => s.absent(at('tree'), { recursive: true }),
    (s: Script) => s.absent(at('empty')),
    (s: Script) => s.absent(at('file')),
    (s: Script) => s.absent(at('dangling')),
    (s: Script) => s.absent(at('never')),
  ]
  const result = await run({ operations })
  expect(result.outcomes()).toEqual([
    'failed 1 step unchanged',
    ...Array(4).fill('ok changed'),
    'ok unchanged',
  ])
  expect(readdirSync(directory).sort()).toEqual(['full', 'state'])
})

test("operations that write one path end with the last one's content", async () => {
  const { run, directory } = machine()
  const path = join(directory, 'shared')
  await run({ operations: ['a', 'b', 'c'].map((content) => (s: Script) => s.file(path, content)) })
  expect(readFileSync(path, 'utf8')).toBe('c')
})
