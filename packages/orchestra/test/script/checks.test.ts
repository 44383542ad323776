import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Command, type Script, sh } from '../../src/script/index.ts'
import { type Machine, machine } from './harness.ts'

/** Passes when no file says `bad`; counts its runs. */
function badness({ directory }: Machine): Command {
  return sh`echo x >>${join(directory, 'checks')}; ! grep -H bad ${join(directory, 'conf')}/*.conf`
}

function conf(server: Machine) {
  const at = (name: string) => join(server.directory, 'conf', `${name}.conf`)
  return {
    at,
    read: (name: string) => readFileSync(at(name), 'utf8'),
    checks: () => readFileSync(join(server.directory, 'checks'), 'utf8').length / 2,
    prepare: (s: Script) => s.directory(join(server.directory, 'conf')),
  }
}

test('one check decides for a whole batch that is good', async () => {
  const server = machine()
  const { at, checks, prepare } = conf(server)
  const operations = Array.from(
    { length: 50 },
    (_, n) => (s: Script) => s.file(at(`${n}`), `good ${n}`, { check: badness(server) }),
  )
  const result = await server.run({ operations, prepare })
  expect(result.outcomes()).toEqual(Array(50).fill('ok changed'))
  expect(checks()).toBe(1)
  expect(readdirSync(join(server.directory, 'conf'))).toHaveLength(50)
})

test('a check sees which files are on trial and what they replace, and none when it is asked without them', async () => {
  const server = machine()
  const { at, prepare } = conf(server)
  const said = join(server.directory, 'said')
  const check = sh`for k in "\${!checked[@]}"; do
  [[ ! \${replaced[k]} ]] || was=$(<"\${replaced[k]}")
  printf '%s %s %s, ' "\${checked[k]##*/}" "$(<"\${checked[k]}")" "\${was-none}" >>${said}
  unset was
done; echo >>${said}; ! grep bad ${join(server.directory, 'conf')}/*.conf`
  const write = (name: string, text: string) => (s: Script) => s.file(at(name), text, { check })
  await server.run({ prepare, operations: [write('a', 'one')] })
  await server.run({ operations: [write('a', 'bad'), write('b', 'two')] })
  expect(readFileSync(said, 'utf8').split('\n')).toEqual([
    'a.conf one none, ',
    'a.conf bad one, b.conf two none, ',
    '',
    'a.conf bad one, ',
    'b.conf two none, ',
    '',
  ])
})

test('only the bad ones of a batch fail, with the output of the check, and stay as they were', async () => {
  const server = machine()
  const { at, read, checks, prepare } = conf(server)
  const bad = new Set([3, 17, 18])
  await server.run({ operations: [(s) => s.file(at('3'), 'old 3')], prepare })
  const operations = Array.from({ length: 40 }, (_, n) => (s: Script) => {
    s.file(at(`${n}`), bad.has(n) ? 'bad' : `good ${n}`, { check: badness(server) })
    s.run(sh`echo after ${n}`)
  })
  const result = await server.run({ operations, commit: (s) => s.reload('web', { command: sh`true` }) })
  expect(result.outcomes()).toEqual(
    Array.from({ length: 40 }, (_, n) => (bad.has(n) ? 'failed 1 check unchanged' : 'ok changed')),
  )
  expect(result.outputOf(17)).toContain(`${at('17')}:bad`)
  expect(result.outputOf(16)).toBe('after 16\n')
  expect(read('3')).toBe('old 3')
  expect(readdirSync(join(server.directory, 'conf')).sort()).toEqual(
    Array.from({ length: 40 }, (_, n) => `${n}.conf`)
      .filter((name) => name !== '17.conf' && name !== '18.conf')
      .sort(),
  )
  expect(checks()).toBeLessThan(30)
})

test('a check that fails without the new files says so, and nothing changes', async () => {
  const server = machine()
  const { at, read, prepare } = conf(server)
  await server.run({ operations: [], prepare })
  writeFileSync(at('foreign'), 'bad')
  const operations = [1, 2].map((n) => (s: Script) => s.file(at(`${n}`), 'good', { check: badness(server) }))
  const result = await server.run({ operations, prepare })
  expect(result.outcomes()).toEqual(Array(2).fill('failed 1 before unchanged'))
  expect(result.outputOf(2 - 1)).toContain('fails without this change too')
  expect(readdirSync(join(server.directory, 'conf'))).toEqual(['foreign.conf'])
  const alone = await server.run({ operations: operations.slice(0, 1), prepare })
  expect(alone.outputOf(0)).toContain('foreign.conf:bad')
  expect(alone.outputOf(0)).toContain('fails without this change too')
  expect(read('foreign')).toBe('bad')
})

test('a file that repairs what made the check fail is accepted', async () => {
  const server = machine()
  const { at, read, prepare } = conf(server)
  await server.run({ operations: [], prepare })
  writeFileSync(at('site'), 'bad')
  const result = await server.run({
    operations: [(s) => s.file(at('site'), 'good', { check: badness(server) })],
  })
  expect(result.outcomes()).toEqual(['ok changed'])
  expect(read('site')).toBe('good')
})

test('all checked files of an operation stay or go together', async () => {
  const server = machine()
  const { at, prepare } = conf(server)
  const both = (n: number, second: string) => (s: Script) => {
    s.file(at(`${n}a`), 'good', { check: badness(server) })
    s.file(at(`${n}b`), second, { check: badness(server) })
  }
  const result = await server.run({ operations: [both(1, 'good'), both(2, 'bad'), both(3, 'good')], prepare })
  expect(result.outcomes()).toEqual(['ok changed', 'failed 1 check unchanged', 'ok changed'])
  expect(readdirSync(join(server.directory, 'conf')).sort()).toEqual([
    '1a.conf',
    '1b.conf',
    '3a.conf',
    '3b.conf',
  ])
})

test('a rolled back file is no reason to reload', async () => {
  const server = machine()
  const { at, prepare } = conf(server)
  await server.run({ operations: [], prepare })
  const commit = (s: Script) => s.reload('web', { command: sh`true` })
  const result = await server.run({
    operations: [(s) => s.file(at('x'), 'bad', { check: badness(server) })],
    commit,
  })
  expect(result.reloads).toEqual([])
  expect((await server.run({ operations: [], commit })).reloads).toEqual([])
})
