import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type AsUserOptions, asUser, type Command, secret, sh } from '../../src/script/index.ts'
import { readShell } from '../../src/script/shell-file.ts'

function bash(command: Command) {
  const text = `${readShell('place.sh')}\nset -eu -o pipefail\n${command.rendered.reveal()}`
  const env = { ...process.env, ROOTS_OWN: 'root' }
  const { stdout, stderr, status } = spawnSync('bash', ['-c', text], { encoding: 'utf8', env })
  return { stdout, stderr, status }
}

/** Root's own directory, with a directory of `nobody` inside, in which a command runs. */
function run(command: Command, confined: AsUserOptions['confined'] = 'own') {
  const directory = mkdtempSync(join(tmpdir(), 'orchestra-account-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'his'))
  writeFileSync(join(directory, 'his', 'closed'), 'closed')
  chmodSync(join(directory, 'his', 'closed'), 0)
  const script = sh`chown nobody ${directory}/his; cd -- ${directory}/his
${asUser('nobody', command, { confined })}`
  return bash(script)
}

test('a confined command runs as the user alone, without capabilities, in a directory that it could not reach', () => {
  const { stdout, status } = run(
    sh`id -un; id -G; grep -E '^Cap(Prm|Eff|Bnd|Amb)|^NoNewPrivs' /proc/self/status | cut -f2; touch made; stat -c %U made`,
  )
  expect(status).toBe(0)
  const group = spawnSync('id', ['-g', 'nobody'], { encoding: 'utf8' }).stdout.trim()
  expect(stdout.split('\n')).toEqual(['nobody', group, ...Array(4).fill('0'.repeat(16)), '1', 'nobody', ''])
})

test('it reads no file that is closed to it, unless it may read all; and never writes one', () => {
  expect(run(sh`cat closed`).status).toBe(1)
  expect(run(sh`cat closed`, 'reads-all')).toMatchObject({ status: 0, stdout: 'closed' })
  expect(run(sh`echo x >closed`, 'reads-all').status).not.toBe(0)
  expect(run(sh`ls ..`).status).not.toBe(0)
})

test('it is strict', () => {
  expect(run(sh`false | true; echo on`)).toMatchObject({ stdout: '', status: 1 })
  expect(run(sh`echo $nothing; echo on`)).toMatchObject({ stdout: '', status: 1 })
})

test.each([`it's "quoted" $(id) \`id\` \\ *`, '-rf', "'; id; '", '☃\n$HOME'])(
  'a value stays itself: %j',
  (value) => {
    expect(run(sh`printf %s ${value}`)).toMatchObject({ stdout: value, stderr: '', status: 0 })
  },
)

test('a user that is not there runs nothing', () => {
  expect(bash(asUser('no-such-account', sh`echo on`, { confined: 'own' }))).toMatchObject({
    stdout: '',
    status: 126,
  })
})

test('a secret is in no argument list', () => {
  const command = sh`tr '\0' ' ' </proc/self/cmdline; tr '\0' ' ' </proc/$$/cmdline; echo ${secret('canary', 'row.password')}`
  expect(run(command).stdout.split('canary')).toHaveLength(2)
})

test('nothing of the environment of root comes along', () => {
  const { stdout } = run(sh`echo "$HOME \${ROOTS_OWN-none}"`)
  expect(stdout).toBe('/nonexistent none\n')
})

test('what is no option is refused', () => {
  const misspelled: object = { confind: 'own' }
  expect(() => asUser('nobody', sh`id`, misspelled)).toThrow(
    expect.objectContaining({ code: 'ORC_OPTION_UNKNOWN' }),
  )
})
