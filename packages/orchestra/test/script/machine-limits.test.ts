import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type Script, sh } from '../../src/script/index.ts'
import { type Machine, machine } from './harness.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot && process.env.CI === 'true') throw new Error('these tests need root, and CI requires them')

const holders: { process: ChildProcess; directory: string }[] = []

afterEach(async () => {
  for (const holder of holders.splice(0)) {
    holder.process.kill('SIGKILL')
    await once(holder.process, 'exit')
    rmSync(holder.directory, { recursive: true, force: true })
  }
})

/** A filesystem of its own, seen by nobody but the machine; `at` is its path there, `seen` the same from here. */
async function smallDisk(size: string): Promise<{ wrapper: string[]; at: string; seen: string }> {
  const at = mkdtempSync(join(tmpdir(), 'orchestra-disk-'))
  const mount = 'mount -t tmpfs -o mode=755,size=$1 small "$0" && echo mounted && exec sleep 600'
  const holder = spawn('unshare', ['-m', 'sh', '-c', mount, at, size], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  holders.push({ process: holder, directory: at })
  await once(holder.stdout, 'data')
  return {
    wrapper: ['nsenter', '-t', `${holder.pid}`, '-m', '--'],
    at,
    seen: `/proc/${holder.pid}/root${at}`,
  }
}

describe.skipIf(!isRoot)('a full disk (needs root)', () => {
  test('fails what does not fit, with the reason; what was there stays whole, what fits goes on', async () => {
    const disk = await smallDisk('64k')
    const server = machine({}, disk.wrapper)
    const file = (name: string) => join(disk.at, name)
    await server.run({ operations: [(s) => s.file(file('old'), 'old content\n')] })
    const result = await server.run({
      operations: [
        (s) => s.file(file('small'), 'fits\n'),
        (s) => s.file(file('old'), 'x'.repeat(100_000)),
        (s) => s.file(file('big'), 'y'.repeat(100_000)),
        (s) => s.file(file('another'), 'fits too\n'),
      ],
      commit: (s) => s.reload('web', { command: sh`true` }),
    })
    expect(result.outcomes()).toEqual([
      'ok changed',
      'failed 1 step unchanged',
      'failed 1 step unchanged',
      'ok changed',
    ])
    expect(result.outputOf(1)).toContain('No space left on device')
    expect(result.outputOf(2)).toContain('No space left on device')
    expect(readFileSync(join(disk.seen, 'old'), 'utf8')).toBe('old content\n')
    expect(readdirSync(disk.seen).sort()).toEqual(['another', 'old', 'small'])
  })

  test('below the state lets no file change, because what a killed script leaves could not be remembered', async () => {
    const disk = await smallDisk('16k')
    const server = machine({ ORCHESTRA_STATE: join(disk.at, 'state') }, disk.wrapper)
    const file = (name: string) => join(server.directory, name)
    const fill = sh`head -c 100000 /dev/zero >${join(disk.at, 'fill')} || true`
    await server.run({ operations: [(s) => s.run(fill)] })
    const operations = [
      (s: Script) => {
        s.file(file('served'), 'x')
        s.reload('web', { command: sh`true` })
      },
      (s: Script) => s.file(file('alone'), 'x'),
    ]
    const result = await server.run({ operations })
    expect(result.outcomes()).toEqual(Array(2).fill('failed 1 step unchanged'))
    expect(result.outputOf(1)).toContain('is the disk full?')
    expect(readdirSync(server.directory)).toEqual([])
    rmSync(join(disk.seen, 'fill'))
    expect((await server.run({ operations })).outcomes()).toEqual(Array(2).fill('ok changed'))
  })
})

describe.skipIf(!isRoot)('a file that something is mounted on (needs root)', () => {
  test('fails its own operation whether or not it is checked, and no check decides about the old one', async () => {
    const disk = await smallDisk('1m')
    const server = machine({}, disk.wrapper)
    const at = (name: string) => join(disk.at, name)
    const mounts = sh`for name in a c; do echo old >${disk.at}/$name; mount --bind ${disk.at}/$name ${disk.at}/$name; done`
    await server.run({ operations: [(s) => s.run(mounts)] })
    const check = sh`! grep -q bad ${disk.at}/*`
    const result = await server.run({
      operations: [
        (s) => {
          s.file(at('a1'), 'new', { check })
          s.file(at('a'), 'new', { check })
        },
        (s) => s.file(at('b'), 'new', { check }),
        (s) => s.file(at('c'), 'new'),
        (s) => s.file(at('d'), 'bad', { check }),
      ],
    })
    expect(result.outcomes()).toEqual([
      'failed 1 step unchanged',
      'ok changed',
      'failed 1 step unchanged',
      'failed 1 check unchanged',
    ])
    for (const index of [0, 2]) expect(result.outputOf(index)).toContain('busy')
    expect(readdirSync(disk.seen).sort()).toEqual(['a', 'b', 'c'])
  })
})

describe.skipIf(!isRoot)('owners (need root)', () => {
  const nobody = { uid: 65534, gid: 65534 }

  function owned(server: Machine): { run: () => Promise<string[]>; paths: string[] } {
    const at = (name: string) => join(server.directory, name)
    const operations = [
      (s: Script) => s.file(at('user'), 'x', { owner: 'nobody' }),
      (s: Script) => s.file(at('group'), 'x', { group: 'nogroup' }),
      (s: Script) => s.file(at('both'), 'x', { owner: 'nobody', group: 'nogroup', mode: 0o640 }),
      (s: Script) => s.directory(at('dir'), { owner: 'nobody', group: 'nogroup', mode: 0o750 }),
      (s: Script) => s.file(at('numbers'), 'x', { owner: 65534, group: 65534 }),
      (s: Script) => s.file(at('free'), 'x'),
    ]
    const names = ['user', 'group', 'both', 'dir', 'numbers', 'free']
    return { run: async () => (await server.run({ operations })).outcomes(), paths: names.map(at) }
  }

  const owners = (paths: readonly string[]) =>
    paths.map((path) => {
      const { uid, gid } = statSync(path)
      return `${uid}:${gid}`
    })
  const right = ['65534:0', '0:65534', '65534:65534', '65534:65534', '65534:65534', '0:0']

  test('are given to what is new, and restored where they drifted', async () => {
    const { run, paths } = owned(machine())
    expect(await run()).toEqual(Array(6).fill('ok changed'))
    expect(owners(paths)).toEqual(right)
    expect(await run()).toEqual(Array(6).fill('ok unchanged'))
    for (const path of paths) chownSync(path, 1, 1)
    expect(await run()).toEqual(Array(6).fill('ok changed'))
    // A group that nobody named is nobody's business.
    expect(owners(paths)).toEqual(['65534:1', '0:65534', '65534:65534', '65534:65534', '65534:65534', '0:1'])
    expect(await run()).toEqual(Array(6).fill('ok unchanged'))
  })

  test('are restored without a new mode for anything, and never through a link', async () => {
    const server = machine()
    const { run, paths } = owned(server)
    await run()
    const [user = '', , both = '', dir = ''] = paths
    chownSync(both, 0, nobody.gid)
    await run()
    expect([both, dir].map((path) => statSync(path).mode & 0o777)).toEqual([0o640, 0o750])
    mkdirSync(join(server.directory, 'elsewhere'))
    rmSync(user)
    symlinkSync('elsewhere', user)
    await run()
    expect(owners([join(server.directory, 'elsewhere'), user])).toEqual(['0:0', '65534:0'])
  })
})
