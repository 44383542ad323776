import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { authenticateToken, enterByLink, login } from '../../src/access/index.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { Project, type Result } from '../cli/project.ts'

const PATIENCE = { timeout: 600_000 }
const password = 'correct horse battery staple'
const address = '192.0.2.1'

let project: Project
beforeEach(async () => {
  project = new Project()
  await project.run('init')
}, 120_000)
afterEach(() => project.remove())

/** What is piped into a command. */
async function piped(input: string, ...args: string[]): Promise<Result> {
  const running = project.start(...args)
  running.child.stdin?.end(input)
  return running.ended
}

async function inStore<Value>(work: (store: Store) => Promise<Value>): Promise<Value> {
  const store = await openStore({ directory: `${project.directory}/.orchestra` })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

test('people and programs are registered, given what they may, and come in by that', PATIENCE, async () => {
  const link = await project.run('user', 'link', '--url', 'https://orchestra.example.org/')
  expect(link.stdout).toMatch(/^https:\/\/orchestra\.example\.org\/#link=[\w-]{43}\n$/)
  const added = await piped(`${password}\n`, 'user', 'add', 'ana', '--role', 'operator', '--password-stdin')
  expect(added).toMatchObject({ code: 0, stdout: 'user ana is registered\n' })
  await project.run('server', 'add', 'web1', '--method', 'local')
  const made = await project.json<{ token: string }>(
    'token',
    'add',
    'ci',
    '--role',
    'viewer',
    '--server',
    'web1',
  )
  const bound = await project.run('binding', 'add', 'viewer', '--user', 'ana', '--backend', 'page')
  expect(bound.stdout).toBe('ana is viewer for backend page\n')
  const [, secret = ''] = link.stdout.trim().split('#link=')
  await inStore(async (store) => {
    expect(await enterByLink(store, { secret, address })).toMatchObject({ session: { user: 'admin' } })
    expect(await login(store, { name: 'ana', password, address })).toMatchObject({ session: { user: 'ana' } })
    expect(await authenticateToken(store, { token: made.token, address })).toMatchObject({ name: 'token:ci' })
  })
  const shown = await project.run('user', 'list')
  expect(shown.stdout).toMatch(
    /^USER +LOGIN +ROLES +GROUPS +SEEN +BY\nadmin +link +admin .*\nana +password +operator, viewer /,
  )
  const last = await project.run('user', 'set', 'admin', '--disable')
  expect(last).toMatchObject({ code: 1, stdout: '' })
  expect(last.stderr).toMatch(/^error ORC_LAST_ADMIN: .*\n {2}Make somebody else an admin first/)
  const tokens = await project.run('token', 'list', '--json')
  expect(tokens.stdout).not.toContain(made.token)
})

test('a mistake says what to do', PATIENCE, async () => {
  const mistakes: [string, string[], string, RegExp][] = [
    ['', ['user', 'add', 'ana', '--password-stdin'], 'ORC_USAGE', /No password was given/],
    ['short\n', ['user', 'add', 'ana', '--password-stdin'], 'ORC_PASSWORD_WEAK', /12 to 1000 characters/],
    ['', ['user', 'set', 'ana', '--password'], 'ORC_USAGE', /--password-stdin/],
    ['', ['user', 'set', 'ana'], 'ORC_USAGE', /--disable/],
    ['', ['user', 'remove', 'nobody'], 'ORC_USER_UNKNOWN', /orchestra user list/],
    ['', ['token', 'add', 'ci'], 'ORC_USAGE', /--role/],
    ['', ['token', 'add', 'ci', '--role', 'viewer', '--network', 'web'], 'ORC_INPUT_INVALID', /no network/],
    ['', ['token', 'add', 'ci', '--role', 'viewer', '--days', '366'], 'ORC_INPUT_INVALID', /more than 365/],
    ['', ['role', 'add', 'x', 'everything'], 'ORC_INPUT_INVALID', /status\.read/],
    ['', ['binding', 'add', 'viewer'], 'ORC_USAGE', /--group/],
    ['', ['binding', 'add', 'viewr', '--group', 'x'], 'ORC_ROLE_UNKNOWN', /orchestra role list/],
  ]
  for (const [input, args, code, says] of mistakes) {
    const { stderr, code: exit } = await piped(input, ...args)
    expect([args, exit]).toEqual([args, 1])
    expect(stderr).toContain(code)
    expect(stderr).toMatch(says)
    expect(stderr).not.toContain('short')
  }
})

test('a password that is typed is not shown, and leaving gives none', async () => {
  const typed = async (keys: string) => {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    const terminal = new Terminal(streams, { json: false, environment: {} })
    const asked = terminal.askHidden('Password:')
    streams.stdin.write(keys)
    const answer = await asked
    streams.stdout.end()
    return [answer, await text(streams.stdout)]
  }
  expect(await typed('s3cret words\r')).toEqual(['s3cret words', 'Password: \n'])
  expect(await typed('s3cr\u0003')).toEqual(['', 'Password: \n'])
  expect(await typed('s3cr\u007fet\r')).toEqual(['s3cet', 'Password: \n'])
})
