import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type FileOptions,
  type Recording,
  renderScript,
  type Script,
  type Step,
  secret,
  text,
} from '../../src/script/index.ts'
import { plain } from '../../src/script/rendered.ts'
import { type Machine, machine, temporaryDirectory } from './harness.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot && process.env.CI === 'true') throw new Error('these tests need root, and CI requires them')

/** An account that every Debian has, and a number that nobody has. */
const ada = Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout)
const bob = 54_321

const changed = ['ok changed']
const unchanged = ['ok unchanged']
const refused = ['failed 1 step unchanged']

/** `owner mode` of what is there. */
function found(path: string): string {
  const { uid, mode } = lstatSync(path)
  return `${uid} ${(mode & 0o7777).toString(8)}`
}

/** A machine that others can get to, with a home of ada's. */
function shared(environment: Record<string, string> = {}, wrapper: readonly string[] = []) {
  const server = machine(environment, wrapper)
  const at = (path: string) => join(server.directory, path)
  chmodSync(server.directory, 0o755)
  mkdirSync(at('home/ada'), { recursive: true })
  chownSync(at('home/ada'), ada, ada)
  const one = (method: (script: Script) => void) => server.run({ operations: [method] })
  return { ...server, at, one }
}

const write = (path: string, options: FileOptions) => (script: Script) => script.file(path, 'same', options)

/** A directory with a program in front of each of these that notes each call before it does what it does. */
function counted(...names: readonly string[]) {
  const directory = temporaryDirectory()
  const list = join(directory, 'calls')
  chmodSync(directory, 0o755)
  writeFileSync(list, '')
  chmodSync(list, 0o666)
  for (const name of names) {
    const real = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim()
    writeFileSync(join(directory, name), `#!/bin/sh\necho ${name} >>${list}\nexec ${real} "$@"\n`)
    chmodSync(join(directory, name), 0o755)
  }
  const calls = () => readFileSync(list, 'utf8').split('\n').length - 1
  return { PATH: `${directory}${delimiter}${process.env.PATH}`, calls }
}

test('a file of which no mode is said gets 0644 back, one with a secret 0600, and stays the same file', async () => {
  const server = machine()
  const save = (script: Script) => {
    script.file('open', 'same')
    script.file('closed', text`key=${secret('hunter22', 'key')}`)
  }
  const modes = () => ['open', 'closed'].map((name) => statSync(join(server.directory, name)).mode & 0o777)
  const inodes = () => ['open', 'closed'].map((name) => statSync(join(server.directory, name)).ino)
  expect((await server.run({ operations: [save] })).outcomes()).toEqual(changed)
  expect(modes()).toEqual([0o644, 0o600])
  const before = inodes()
  for (const name of ['open', 'closed']) chmodSync(join(server.directory, name), 0o666)
  expect((await server.run({ operations: [save] })).outcomes()).toEqual(changed)
  expect(modes()).toEqual([0o644, 0o600])
  expect(inodes()).toEqual(before)
  expect((await server.run({ operations: [save] })).outcomes()).toEqual(unchanged)
})

test('a file that was brought ahead, too', async () => {
  const server = machine()
  const path = join(server.directory, 'out')
  const run = (runId: string, steps: readonly Step[], ahead?: string) => {
    const recording: Recording = { kind: 'recorded', steps }
    const operation = { index: 0, label: 'sync', action: 'sync', recording }
    const request = { runId, backend: 'test', server: 'one', fence: 1, operations: [operation] }
    const { text, token } = renderScript({ ...request, ...(ahead === undefined ? {} : { ahead }) })
    return server.runText(text, runId, token)
  }
  const bring = async () => {
    const runId = randomUUID()
    await run(randomUUID(), [{ kind: 'ahead', file: 0, content: plain('same') }], runId)
    const open = { owner: null, group: null, check: null }
    return run(runId, [{ kind: 'ahead-file', path: './out', file: 0, size: 4, mode: '600', ...open }])
  }
  await bring()
  chmodSync(path, 0o666)
  expect((await bring()).outcomes()).toEqual(changed)
  expect(found(path)).toBe(`${process.getuid?.()} 600`)
  expect((await bring()).outcomes()).toEqual(unchanged)
})

test('a directory of which nothing is said stays as it is', async () => {
  const server = machine()
  mkdirSync(join(server.directory, 'd'), { mode: 0o700 })
  const result = await server.run({ operations: [(script) => script.directory('d')] })
  expect(result.outcomes()).toEqual(unchanged)
  expect(statSync(join(server.directory, 'd')).mode & 0o777).toBe(0o700)
})

describe.skipIf(!isRoot)('what is not said of a file (needs root)', () => {
  test.each<[string, FileOptions, string]>([
    ['nothing', {}, '0 644'],
    ['a mode', { mode: '0640' }, '0 640'],
    ['an owner', { owner: ada }, `${ada} 644`],
    ['a group', { group: ada }, '0 644'],
    ['a mode that lets it run as its owner', { mode: '4755' }, '0 4755'],
  ])('is restored where %s is said', async (_, options, right) => {
    const { at, one } = shared()
    mkdirSync(at('etc'))
    const save = write(at('etc/x'), options)
    expect((await one(save)).outcomes()).toEqual(changed)
    expect(found(at('etc/x'))).toBe(right)
    const mode = lstatSync(at('etc/x')).mode & 0o7777
    for (const damage of [
      () => chmodSync(at('etc/x'), 0o666),
      () => {
        chownSync(at('etc/x'), bob, lstatSync(at('etc/x')).gid)
        chmodSync(at('etc/x'), mode)
      },
    ]) {
      damage()
      expect((await one(save)).outcomes()).toEqual(changed)
      expect(found(at('etc/x'))).toBe(right)
      expect((await one(save)).outcomes()).toEqual(unchanged)
    }
  })

  test('is so from the first moment on where a directory says what new files in it get', async () => {
    const { at, one } = shared()
    mkdirSync(at('etc'))
    const list = `import os, struct, sys
entries = [(1, 7, -1), (4, 5, -1), (8, 7, 1), (16, 7, -1), (32, 5, -1)]
value = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *e) for e in entries)
for path in sys.argv[1:]: os.setxattr(path, "system.posix_acl_default", value)`
    expect(spawnSync('python3', ['-c', list, at('etc'), at('home/ada')]).status).toBe(0)
    const save = (script: Script) => {
      for (const place of ['etc', 'home/ada']) {
        script.file(at(`${place}/open`), 'same')
        script.file(at(`${place}/closed`), secret('hunter22', 'key'))
      }
    }
    expect((await one(save)).outcomes()).toEqual(changed)
    expect([found(at('etc/open')), found(at('etc/closed'))]).toEqual(['0 644', '0 600'])
    expect([found(at('home/ada/open')), found(at('home/ada/closed'))]).toEqual([`${ada} 644`, `${ada} 600`])
    expect((await one(save)).outcomes()).toEqual(unchanged)
  })

  test('leaves the group as it is', async () => {
    const { at, one } = shared()
    mkdirSync(at('etc'))
    await one(write(at('etc/x'), {}))
    chownSync(at('etc/x'), 0, bob)
    expect((await one(write(at('etc/x'), {}))).outcomes()).toEqual(unchanged)
    expect(lstatSync(at('etc/x')).gid).toBe(bob)
  })

  test('is looked at for many at once', async () => {
    const { PATH, calls } = counted('stat', 'find', 'chmod', 'chown')
    const { at, run } = shared({ PATH })
    mkdirSync(at('etc'))
    const operations = ['etc', 'home/ada'].flatMap((place) =>
      Array.from({ length: 300 }, (_, index) => write(at(`${place}/${index}`), {})),
    )
    await run({ operations })
    const before = calls()
    expect(new Set((await run({ operations })).outcomes())).toEqual(new Set(unchanged))
    expect(calls() - before).toBeLessThan(15)
    for (const place of ['etc', 'home/ada']) chmodSync(at(`${place}/7`), 0o666)
    const again = (await run({ operations })).outcomes()
    expect(again.flatMap((outcome, index) => (outcome === 'ok changed' ? [index] : []))).toEqual([7, 307])
  })
})

describe.skipIf(!isRoot)('in a user’s place (needs root)', () => {
  test('what an older release made there as root becomes the user’s', async () => {
    const { at, one } = shared()
    writeFileSync(at('home/ada/x'), 'same')
    writeFileSync(at('home/ada/y'), 'same', { mode: 0o600 })
    const save = (script: Script) => {
      script.file(at('home/ada/x'), 'same')
      script.file(at('home/ada/y'), 'same', { mode: '0600' })
    }
    expect((await one(save)).outcomes()).toEqual(changed)
    expect([found(at('home/ada/x')), found(at('home/ada/y'))]).toEqual([`${ada} 644`, `${ada} 600`])
    expect((await one(save)).outcomes()).toEqual(unchanged)
  })

  test('the mode is the one that was not said, and a group that was is restored', async () => {
    const { at, one } = shared()
    const save = (script: Script) => {
      script.file(at('home/ada/x'), 'same')
      script.file(at('home/ada/run'), 'same', { mode: '0755', group: ada })
    }
    expect((await one(save)).outcomes()).toEqual(changed)
    expect([found(at('home/ada/x')), found(at('home/ada/run'))]).toEqual([`${ada} 644`, `${ada} 755`])
    chmodSync(at('home/ada/x'), 0o666)
    chownSync(at('home/ada/run'), ada, bob)
    expect((await one(save)).outcomes()).toEqual(changed)
    expect(found(at('home/ada/x'))).toBe(`${ada} 644`)
    expect(lstatSync(at('home/ada/run')).gid).toBe(ada)
    expect((await one(save)).outcomes()).toEqual(unchanged)
  })

  test('what the user cannot replace is named with whose its directory is, and stays', async () => {
    const { at, one } = shared()
    mkdirSync(at('home/ada/www'))
    writeFileSync(at('home/ada/www/x'), 'same')
    const result = await one(write(at('home/ada/www/x'), {}))
    expect(result.outcomes()).toEqual(refused)
    expect(result.outputOf(0)).toContain(
      `${at('home/ada/www/x')} belongs to root, and its directory to root: nobody cannot replace it`,
    )
    expect(found(at('home/ada/www/x'))).toBe('0 644')
    chownSync(at('home/ada/www'), ada, ada)
    expect((await one(write(at('home/ada/www/x'), {}))).outcomes()).toEqual(changed)
    expect(found(at('home/ada/www/x'))).toBe(`${ada} 644`)
  })
})

describe.skipIf(!isRoot)('a login other than root (needs root)', () => {
  const login = ['setpriv', `--reuid=${ada}`, `--regid=${ada}`, '--clear-groups', '--']

  function own(): Machine & { at: (path: string) => string } {
    const server = shared({}, login)
    chownSync(server.directory, ada, ada)
    return server
  }

  test('replaces what is root’s in a directory of its own', async () => {
    const { at, run } = own()
    writeFileSync(at('x'), 'same')
    const operations = [write(at('x'), {})]
    expect((await run({ operations })).outcomes()).toEqual(changed)
    expect(found(at('x'))).toBe(`${ada} 644`)
    expect((await run({ operations })).outcomes()).toEqual(unchanged)
  })

  test('says what is in the way where it cannot, and keeps what is to be root’s', async () => {
    const { at, run } = own()
    mkdirSync(at('etc'))
    writeFileSync(at('etc/x'), 'same')
    const result = await run({ operations: [write(at('etc/x'), {})] })
    expect(result.outcomes()).toEqual(refused)
    expect(result.outputOf(0)).toContain(
      `${at('etc/x')} belongs to root, and its directory to root: nobody cannot replace it`,
    )
    expect((await run({ operations: [write(at('etc/x'), { owner: 'root' })] })).outcomes()).toEqual(unchanged)
  })
})
