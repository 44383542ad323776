import { execFileSync } from 'node:child_process'
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Backend } from '../../src/config/backend.ts'
import { examine } from '../../src/inspect/examine.ts'
import { expectationOf } from '../../src/inspect/expect.ts'
import type { Condition } from '../../src/inspect/judge.ts'
import { record, type Script, secret, sh, text } from '../../src/script/index.ts'
import { lookedAt, treeOf } from './support.ts'

type Ask = (script: Script) => void

/** What is found of things on a directory that was made ready; nothing may change there. */
async function look(
  asks: readonly Ask[],
  makeReady: (directory: string) => Promise<unknown> = async () => undefined,
  options: Partial<Backend> = {},
): Promise<readonly Condition[]> {
  const { directory, inspected } = await lookedAt(options)
  await makeReady(directory)
  const before = await treeOf(directory)
  const examined = await examine(
    inspected,
    asks.map((ask) => expectationOf(record('thing', ask))),
  )
  expect(await treeOf(directory)).toEqual(before)
  if (examined.kind !== 'examined') throw new Error(JSON.stringify(examined))
  return examined.verdicts
}

const lookAt = async (
  ask: Ask,
  makeReady?: (directory: string) => Promise<unknown>,
  options?: Partial<Backend>,
) => (await look([ask], makeReady, options))[0]

const write = (name: string, content: string) => (directory: string) =>
  writeFile(join(directory, name), content)
const inSync = { state: 'in-sync' }

describe('a file', () => {
  const file: Ask = (script) => script.file('a', 'one\ntwo\n')

  it('is in order with its content', async () => {
    expect(await lookAt(file, write('a', 'one\ntwo\n'))).toEqual(inSync)
  })

  it('that was edited is shown with what differs', async () => {
    const verdict = await lookAt(file, write('a', 'one\n2\n'))
    expect(verdict).toMatchObject({ state: 'drifted', differences: [{ title: './a', kind: 'content' }] })
    expect(JSON.stringify(verdict)).toContain('-2\\n+two\\n')
  })

  it('that is not there is missing', async () => {
    expect(await lookAt(file)).toMatchObject({ state: 'missing', differences: [{ kind: 'missing' }] })
  })

  it('is missing where its directory is a file', async () => {
    const below: Ask = (script) => script.file('a/b', 'x')
    expect(await lookAt(below, write('a', ''))).toMatchObject({ state: 'missing' })
  })

  it.each([
    ['a directory', (path: string) => mkdir(path)],
    ['a link', (path: string) => symlink('elsewhere', path)],
    ['a pipe', async (path: string) => void execFileSync('mkfifo', [path])],
  ])('that became %s is told and never opened', async (name, make) => {
    const verdict = await lookAt(file, (directory) => make(join(directory, 'a')))
    expect(verdict).toMatchObject({ state: 'drifted', differences: [{ kind: 'type' }] })
    expect(JSON.stringify(verdict)).toContain(name)
  })

  it('that a link to the right content replaced has drifted', async () => {
    const verdict = await lookAt(file, async (directory) => {
      await writeFile(join(directory, 'other'), 'one\ntwo\n')
      await symlink('other', join(directory, 'a'))
    })
    expect(verdict).toMatchObject({ state: 'drifted', differences: [{ kind: 'type' }] })
  })

  it('with a mode that was asked for has drifted with another', async () => {
    const asked: Ask = (script) => script.file('a', 'x', { mode: '0640' })
    const verdict = await lookAt(asked, async (directory) => {
      await write('a', 'x')(directory)
      await chmod(join(directory, 'a'), 0o666)
    })
    expect(verdict).toEqual({
      state: 'drifted',
      differences: [{ title: './a', kind: 'permissions', reason: 'has mode 666, not 640' }],
    })
  })

  it('belongs to its owner by name or number', async () => {
    const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()
    const group = execFileSync('id', ['-g'], { encoding: 'utf8' }).trim()
    const asked: Ask = (script) => script.file('a', 'x', { owner: user, group })
    expect(await lookAt(asked, write('a', 'x'))).toEqual(inSync)
    const other: Ask = (script) => script.file('a', 'x', { owner: 'no-such-user' })
    expect(JSON.stringify(await lookAt(other, write('a', 'x')))).toContain('not no-such-user')
  })

  it('of which a secret is part never shows its content', async () => {
    const asked: Ask = (script) => script.file('a', text`key=${secret('hunter2', 'key')}`)
    const verdict = await lookAt(asked, async (directory) => {
      await write('a', 'key=other')(directory)
      await chmod(join(directory, 'a'), 0o600)
    })
    expect(verdict).toEqual({
      state: 'drifted',
      differences: [{ title: './a', kind: 'content', reason: 'differs; it holds secrets and is not shown' }],
    })
  })

  it('that is no text, or too large, is told so', async () => {
    expect(JSON.stringify(await lookAt(file, write('a', 'a\0b')))).toContain('it is no text')
    expect(JSON.stringify(await lookAt(file, write('a', 'a\n'.repeat(200_000))))).toContain('too large')
  })

  it('may have lines that are ignored', async () => {
    const ignore = { lines: [/^#/] }
    const options = { ignore }
    expect(await lookAt(file, write('a', '# by hand\none\ntwo\n'), options)).toEqual(inSync)
    const verdict = await lookAt(file, write('a', '# by hand\none\n2\n'), options)
    expect(verdict).toMatchObject({ state: 'drifted' })
    expect(JSON.stringify(verdict)).not.toContain('by hand')
  })

  it('may have any permissions where they are ignored', async () => {
    const asked: Ask = (script) => script.file('a', 'x', { mode: '0600' })
    expect(await lookAt(asked, write('a', 'x'), { ignore: { permissions: true } })).toEqual(inSync)
  })

  it('may have an odd name', async () => {
    const names = ['-n', 'a\nb', 'a\\b', "a'b", 'a b', '*', 'ü', '$(x)', '\u001e']
    const asks = names.map(
      (name): Ask =>
        (script) =>
          script.file(name, name),
    )
    const all = (directory: string) =>
      Promise.all(names.map((name) => writeFile(join(directory, name), name)))
    expect(new Set((await look(asks, all)).map((one) => one.state))).toEqual(new Set(['in-sync']))
    expect(new Set((await look(asks)).map((one) => one.state))).toEqual(new Set(['missing']))
  })
})

describe('other steps', () => {
  it('look at directories, also through links', async () => {
    const asked: Ask = (script) => script.directory('d', { mode: '0750' })
    const make = (mode: number) => async (directory: string) => {
      await mkdir(join(directory, 'd'))
      await chmod(join(directory, 'd'), mode)
    }
    expect(await lookAt(asked, make(0o750))).toEqual(inSync)
    expect(await lookAt(asked, make(0o755))).toMatchObject({ differences: [{ kind: 'permissions' }] })
    expect(await lookAt(asked, write('d', ''))).toMatchObject({ differences: [{ kind: 'type' }] })
    const linked = async (directory: string) => {
      await mkdir(join(directory, 'real'))
      await symlink('real', join(directory, 'd'))
    }
    expect(await lookAt(asked, linked)).toEqual(inSync)
  })

  it('look at what a link holds', async () => {
    const asked: Ask = (script) => script.symlink('l', '../there')
    const link = (target: string) => (directory: string) => symlink(target, join(directory, 'l'))
    expect(await lookAt(asked, link('../there'))).toEqual(inSync)
    expect(await lookAt(asked, link('../elsewhere'))).toMatchObject({ differences: [{ kind: 'target' }] })
    expect(await lookAt(asked)).toMatchObject({ state: 'missing' })
  })

  it('look for what should not be there', async () => {
    const asked: Ask = (script) => script.absent('x')
    expect(await lookAt(asked)).toEqual(inSync)
    expect(await lookAt(asked, write('x', ''))).toMatchObject({ differences: [{ kind: 'present' }] })
    expect(await lookAt(asked, (directory) => symlink('nowhere', join(directory, 'x')))).toMatchObject({
      state: 'drifted',
    })
  })

  it('that come later decide about a path', async () => {
    const asked: Ask = (script) => {
      script.file('d/a', 'old')
      script.absent('d', { recursive: true })
      script.file('d/b', 'new')
    }
    const ready = async (directory: string) => {
      await mkdir(join(directory, 'd'))
      await write('d/b', 'new')(directory)
    }
    expect(await lookAt(asked, ready)).toEqual(inSync)
  })

  it('ask the guards of commands, in order, and run nothing', async () => {
    const guarded: Ask = (script) =>
      script.run(sh`touch made`, { onlyIf: sh`test -e wanted`, unless: sh`test -e made` })
    expect(await lookAt(guarded)).toEqual(inSync)
    expect(await lookAt(guarded, write('wanted', ''))).toEqual({
      state: 'drifted',
      differences: [{ title: 'touch made', kind: 'command', reason: 'would run: touch made' }],
    })
    const strict: Ask = (script) => script.run(sh`touch made`, { unless: sh`false; true` })
    expect(await lookAt(strict)).toMatchObject({ state: 'drifted' })
  })

  it('cannot tell of commands without a guard, or with one that cannot run', async () => {
    expect(await lookAt((script) => script.run(sh`true`))).toMatchObject({
      state: 'unknown',
      differences: [{ reason: 'runs every time: give it `unless`' }],
    })
    const broken: Ask = (script) => script.run(sh`true`, { unless: sh`no-such-command` })
    expect(await lookAt(broken)).toMatchObject({
      state: 'unknown',
      differences: [{ reason: 'its guard cannot run' }],
    })
  })

  it('cannot tell of programs and functions', async () => {
    expect(await lookAt((script) => script.write('print(1)'))).toMatchObject({ state: 'unknown' })
    expect(await lookAt((script) => script.call('api', () => undefined))).toMatchObject({ state: 'unknown' })
  })
})

describe('many things', () => {
  it('are told apart, whatever their number', async () => {
    const asks = Array.from(
      { length: 3_000 },
      (_, at): Ask =>
        (script) => {
          script.file(`${'long'.repeat(20)}-${at}`, `content ${at}`)
          if (at % 100 === 0) script.run(sh`touch x`, { unless: sh`test ${at} != 200` })
        },
    )
    const ready = (directory: string) =>
      Promise.all(
        asks.map((_, at) =>
          at === 77
            ? undefined
            : write(`${'long'.repeat(20)}-${at}`, at === 5 ? '' : `content ${at}`)(directory),
        ),
      )
    const verdicts = await look(asks, ready)
    const states = verdicts.map((one, at) => `${at} ${one.state}`).filter((one) => !one.endsWith('in-sync'))
    expect(states).toEqual(['5 drifted', '77 missing', '200 drifted'])
  })
})

describe.runIf(process.getuid?.() === 0)('a login that may not look', () => {
  it('is told apart from nothing being there', async () => {
    const asked: Ask = (script) => script.file('closed/a', 'x')
    const { directory, inspected } = await lookedAt({ user: 'nobody' })
    await chmod(directory, 0o755)
    await mkdir(join(directory, 'closed'))
    await write('closed/a', 'x')(directory)
    await chmod(join(directory, 'closed'), 0o700)
    await writeFile(join(directory, 'b'), 'x', { mode: 0o600 })
    await writeFile(join(directory, 'c'), 'x', { mode: 0o600 })
    const root = { mode: '0600', owner: 'root' }
    const expectations = [
      asked,
      (script: Script) => script.file('b', 'x', root),
      (script: Script) => script.file('c', 'x'),
    ].map((ask) => expectationOf(record('thing', ask)))
    expect(await examine(inspected, expectations)).toMatchObject({
      verdicts: [
        { state: 'unknown', differences: [{ reason: 'may not be looked at' }] },
        { state: 'unknown', differences: [{ reason: 'cannot be read' }] },
        {
          state: 'drifted',
          differences: [
            { reason: 'cannot be read' },
            { reason: 'has mode 600, not 644, owner root, not nobody' },
          ],
        },
      ],
    })
    await rm(join(directory, 'closed'), { recursive: true })
  })
})

describe.runIf(process.getuid?.() === 0)('root in a user’s place', () => {
  it('sees what that user could show, and nothing that the user’s links lead to', async () => {
    const { directory, inspected } = await lookedAt()
    await chmod(directory, 0o755)
    await mkdir(join(directory, 'home'))
    await mkdir(join(directory, 'etc'))
    await write('etc/shadow', 'secret of root')(directory)
    await chmod(join(directory, 'etc/shadow'), 0o600)
    for (const [name, content] of [
      ['same', 'x'],
      ['other', 'y\n'],
      ['named\n-n', 'x'],
    ] as const)
      await write(`home/${name}`, content)(directory)
    await symlink(join(directory, 'etc'), join(directory, 'home/link'))
    execFileSync('mkfifo', [join(directory, 'home/pipe')])
    execFileSync('chown', ['-hR', 'nobody', join(directory, 'home')])
    const paths = ['home/same', 'home/other', 'home/named\n-n', 'home/link/shadow', 'home/pipe']
    const asks = paths.map((path) => (script: Script) => script.file(path, 'x'))
    const examined = await examine(
      inspected,
      asks.map((ask) => expectationOf(record('thing', ask))),
    )
    expect(examined).toMatchObject({
      verdicts: [
        inSync,
        { state: 'drifted', differences: [{ kind: 'content', diff: expect.stringContaining('-y') }] },
        inSync,
        {
          state: 'drifted',
          differences: [{ kind: 'unknown', reason: 'cannot be read' }, { kind: 'permissions' }],
        },
        { state: 'drifted', differences: [{ kind: 'type' }] },
      ],
    })
    expect(JSON.stringify(examined)).not.toContain('secret of root')
  })
})
