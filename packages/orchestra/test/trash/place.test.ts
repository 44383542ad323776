import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { bootstrapCommand } from '../../src/script/bootstrap.ts'
import { type Script, sh } from '../../src/script/index.ts'
import { parseEmptied, parseTrash, renderTrash, type TrashRequest } from '../../src/script/trash.ts'
import { machine } from '../script/harness.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot && process.env.CI === 'true') throw new Error('these tests need root, and CI requires them')

/** An account that every Debian has. */
const ada = Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout)
const machines: string[] = []

// What is mounted goes before the directories do: hooks run last first. It may stand elsewhere by then.
afterEach(() => {
  const table = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  const points = table
    .map((line) => line.split(' ')[4] ?? '')
    .map((at) => execFileSync('printf', ['%b', at]).toString())
  for (const path of points.reverse())
    if (machines.some((directory) => path.startsWith(`${directory}/`))) execFileSync('umount', ['-l', path])
  machines.length = 0
})

function mount(words: readonly string[], at: string): void {
  mkdirSync(at, { recursive: true })
  execFileSync('mount', [...words, at])
}

/** A machine that others can get to, with a home of ada's. */
function shared() {
  const server = machine()
  machines.push(server.directory)
  const at = (path: string) => join(server.directory, path)
  chmodSync(server.directory, 0o755)
  mkdirSync(at('home/ada/www'), { recursive: true })
  writeFileSync(at('home/ada/www/index.html'), 'page')
  for (const path of ['home/ada', 'home/ada/www', 'home/ada/www/index.html']) chownSync(at(path), ada, ada)
  const one = (method: (script: Script) => void) => server.run({ operations: [method] })
  const ask = (request: TrashRequest) => {
    const runId = randomUUID()
    const [file = '', ...args] = bootstrapCommand(runId)
    const env = { PATH: process.env.PATH, HOME: server.directory, ORCHESTRA_STATE: server.state }
    const said = spawnSync(file, args, { input: renderTrash(runId, request), cwd: server.directory, env })
    const output = said.stdout.subarray(said.stdout.indexOf('\n') + 1)
    return { code: said.status, output, said: said.stderr.toString() }
  }
  const list = () => parseTrash(ask({ kind: 'list' }).output)
  const restore = (id: string) => ask({ kind: 'restore', id, lockWait: 5 })
  const empty = () => ask({ kind: 'empty', olderThan: 0, lockWait: 5 })
  return { ...server, at, one, list, restore, empty }
}

const refused = ['failed 1 step unchanged']

describe.skipIf(!isRoot)('what is mounted in a tree (needs root)', () => {
  test.each([
    ['the trash', (script: Script, path: string) => script.trash(path)],
    ['being removed', (script: Script, path: string) => script.absent(path, { recursive: true })],
  ])('keeps it from %s, and is named', async (_, step) => {
    const { at, one } = shared()
    mkdirSync(at('precious'))
    writeFileSync(at('precious/data'), 'precious')
    mount(['--bind', at('precious')], at("home/ada/deep/a b\\c's\n"))
    for (const path of ['home', 'home/ada', 'home/ada/deep', "home/ada/deep/a b\\c's\n"]) {
      const result = await one((script) => step(script, at(path)))
      expect(result.outcomes()).toEqual(refused)
      expect(result.outputOf(0)).toContain("home/ada/deep/a b\\c's\n")
    }
    expect(readFileSync(at('precious/data'), 'utf8')).toBe('precious')
    expect((await one((script) => step(script, at('home/ada/www')))).outcomes()).toEqual(['ok changed'])
  })

  test('keeps its entry in the trash, and no other, and is told of', async () => {
    const { at, one, list, empty, state } = shared()
    mkdirSync(at('precious'))
    writeFileSync(at('precious/data'), 'precious')
    for (const name of ['one', 'two']) {
      mkdirSync(at(name))
      await one((script) => script.trash(at(name)))
    }
    const [first, second] = list() ?? []
    const data = join(state, 'trash/test', first?.id ?? '', 'data')
    mount(['--bind', at('precious')], join(data, 'mounted here'))
    const ended = empty()
    expect(ended.code).not.toBe(0)
    expect(ended.said).toContain(`a file system is mounted at ${join(data, 'mounted here')}`)
    expect(existsSync(at('precious/data'))).toBe(true)
    expect(list()?.map(({ id }) => id)).toEqual([first?.id])
    expect(second).toBeDefined()
    execFileSync('umount', [join(data, 'mounted here')])
    expect(parseEmptied(empty().output)).toEqual([first?.id])
  })
})

describe.skipIf(!isRoot)('on a file system whose top is a user’s (needs root)', () => {
  function own() {
    const server = shared()
    const home = server.at('home/ada')
    rmSync(home, { recursive: true })
    mount(['-t', 'tmpfs', '-o', 'mode=755', 'adas'], home)
    mkdirSync(join(home, 'www/deep'), { recursive: true })
    writeFileSync(join(home, 'www/-deep file\\n'), 'page', { mode: 0o640 })
    linkSync(join(home, 'www/-deep file\\n'), join(home, 'www/deep/other'))
    symlinkSync('/etc', join(home, 'www/link'))
    execFileSync('chown', ['-hR', `${ada}:${ada}`, home])
    chmodSync(join(home, 'www/deep'), 0o2750)
    return { ...server, home }
  }

  test('no trash is made: what goes is copied whole to where root alone can write', async () => {
    const { one, home, state, list, at } = own()
    const result = await one((script) => script.trash(join(home, 'www'), { note: 'her pages' }))
    expect(result.outputOf(0)).toBe('')
    expect(result.outcomes()).toEqual(['ok changed'])
    expect(readdirSync(home)).toEqual([])
    const [entry] = list() ?? []
    expect(entry).toMatchObject({ path: join(home, 'www'), note: 'her pages' })
    const data = join(state, 'trash/test', entry?.id ?? '', 'data')
    expect(readdirSync(join(state, 'trash/test', entry?.id ?? '')).sort()).toEqual(['data', 'meta'])
    const file = statSync(join(data, '-deep file\\n'))
    expect([file.uid, file.mode & 0o7777, file.nlink]).toEqual([ada, 0o640, 2])
    expect(statSync(join(data, 'deep')).mode & 0o7777).toBe(0o2750)
    expect(lstatSync(join(data, 'link')).isSymbolicLink()).toBe(true)
    expect(existsSync(at('state/trashes'))).toBe(false)
  })

  test('what is copied cannot be put back there by root, and stays in the trash', async () => {
    const { one, home, list, restore } = own()
    await one((script) => script.trash(join(home, 'www')))
    const [entry] = list() ?? []
    const answer = restore(entry?.id ?? '')
    expect(answer.code).toBe(72)
    expect(answer.said).toContain('take it from there by hand')
    expect(list()).toHaveLength(1)
    expect(readdirSync(home)).toEqual([])
  })

  test.each(['a trash of hers', 'a link as trash', 'a link as backend', 'a link as entry'])(
    'nothing is believed, run or removed through %s',
    async (forgery) => {
      const { at, home, state, list, restore, empty, one } = own()
      await one((script) => script.directory(at('made')))
      const trash = join(home, '.orchestra-trash')
      const entry = '20200101T000000Z-00000000-1'
      const forged = at('forged')
      mkdirSync(join(forged, 'test', entry, 'data'), { recursive: true })
      writeFileSync(join(forged, 'test', entry, 'data/keep'), 'keep')
      const meta = ['1', 'delete thing:1', at('restored'), `touch ${at('ran')}`, '']
      writeFileSync(join(forged, 'test', entry, 'meta'), meta.map((field) => `${field}\0`).join(''))
      if (forgery === 'a trash of hers') {
        execFileSync('cp', ['-a', forged, trash])
        execFileSync('chown', ['-R', `${ada}`, trash])
      } else if (forgery === 'a link as trash') symlinkSync(forged, trash)
      else {
        mkdirSync(join(trash, 'test'), { recursive: true })
        if (forgery === 'a link as entry')
          symlinkSync(join(forged, 'test', entry), join(trash, 'test', entry))
        else symlinkSync(join(forged, 'test'), join(trash, 'other'))
      }
      // As an older version noted it.
      writeFileSync(join(state, 'trashes'), `${trash}\0`)
      expect(list()).toEqual([])
      expect(restore(entry).code).toBe(70)
      expect(parseEmptied(empty().output)).toEqual([])
      expect([existsSync(at('ran')), existsSync(at('restored'))]).toEqual([false, false])
      expect(readFileSync(join(forged, 'test', entry, 'data/keep'), 'utf8')).toBe('keep')
      if (forgery === 'a trash of hers')
        expect(existsSync(join(trash, 'test', entry, 'data/keep'))).toBe(true)
    },
  )

  test('a trash that a backend asks for there is refused', async () => {
    const { one, home } = own()
    const result = await one((script) => script.trash(join(home, 'www'), { directory: join(home, 'trash') }))
    expect(result.outcomes()).toEqual(refused)
    expect(result.outputOf(0)).toContain(`${home} is a place of nobody: it cannot be a trash`)
    expect(readdirSync(home)).toEqual(['www'])
  })
})

describe.skipIf(!isRoot)('putting back (needs root)', () => {
  test('goes into a user’s place by its name there, and through no link', async () => {
    const { at, one, list, restore } = shared()
    mkdirSync(at('etc'))
    await one((script) => script.trash(at('home/ada/www')))
    const [entry] = list() ?? []
    renameSync(at('home/ada'), at('home/before'))
    symlinkSync(at('etc'), at('home/ada'))
    const through = restore(entry?.id ?? '')
    expect(through.code).toBe(72)
    expect(through.said).toContain(`${at('home/ada')} is a link to ${at('etc')}`)
    expect(readdirSync(at('etc'))).toEqual([])
    rmSync(at('home/ada'))
    renameSync(at('home/before'), at('home/ada'))
    expect(restore(entry?.id ?? '')).toMatchObject({ code: 0, said: '' })
    expect(readFileSync(at('home/ada/www/index.html'), 'utf8')).toBe('page')
    expect(list()).toEqual([])
  })

  test('a command that fails brings it into the trash again, from a user’s place too', async () => {
    const { at, one, list, restore } = shared()
    await one((script) => script.trash(at('home/ada/www'), { restore: sh`echo no >&2; exit 3` }))
    const [entry] = list() ?? []
    expect(restore(entry?.id ?? '')).toMatchObject({ code: 72, said: 'no\n' })
    expect(readdirSync(at('home/ada'))).toEqual([])
    expect(list()).toEqual([entry])
  })

  test('a number that is none does not run as one', async () => {
    const { at, one, list, empty, state } = shared()
    await one((script) => script.trash(at('home/ada/www')))
    const [entry] = list() ?? []
    const meta = join(state, 'trash/test', entry?.id ?? '', 'meta')
    writeFileSync(meta, `a[$(touch ${at('ran')})]\0x\0x\0\0\0`)
    expect(list()).toEqual([])
    empty()
    expect(existsSync(at('ran'))).toBe(false)
  })
})
