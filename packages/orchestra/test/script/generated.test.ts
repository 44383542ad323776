import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { secret, sh } from '../../src/script/index.ts'
import { machine, render, temporaryDirectory } from './harness.ts'

const missing = existsSync('/usr/bin/shellcheck') ? null : 'shellcheck is not installed'
if (missing !== null && process.env.CI === 'true') throw new Error(`${missing}, and CI requires it`)

const sources = new URL('../../src/script/', import.meta.url).pathname

function shellcheck(path: string): string {
  const { stdout, status } = spawnSync('shellcheck', ['--shell=bash', '--format=gcc', path], {
    encoding: 'utf8',
  })
  return `${stdout}${status}`
}

describe.skipIf(missing)(`shellcheck finds nothing${missing === null ? '' : ` (${missing})`}`, () => {
  test.each(readdirSync(sources).filter((name) => name.endsWith('.sh')))('in %s', (name) => {
    expect(shellcheck(join(sources, name))).toBe('0')
  })

  test('in a script with every kind of step', () => {
    const { text } = render({
      operations: [
        (s) => {
          s.directory("/srv/it's", { mode: 0o750, owner: 'www-data', group: 'www-data' })
          s.file('/srv/conf', '$a `b` "c" \\d\n', { check: sh`nginx -t -c ${'a b'}` })
          s.symlink('/srv/link', '../$x')
          s.absent('/srv/old', { recursive: true })
          s.run(sh`echo ${['a', 'b c']} >/dev/null`, {
            unless: sh`test -e ${'/x y'}`,
            input: secret("p'w", 'password'),
          })
          s.restart('web')
        },
        (s) => s.run(sh`true`, { onlyIf: sh`grep -q ${secret('canary', 'password')} /dev/null` }),
      ],
      prepare: (s) => s.directory('/srv'),
      commit: (s) => s.reload('web'),
      acknowledge: ['earlier-run'],
    })
    const path = join(temporaryDirectory(), 'script.sh')
    // What stands behind the end is out of its order, and the bootstrap knows o_script.
    writeFileSync(path, `# shellcheck shell=bash disable=SC2016,SC2154,SC2218,SC2317\n${text}`)
    expect(shellcheck(path)).toBe('0')
  })
})

test('a script of 20 MB is rendered, arrives and runs whole', async () => {
  const server = machine()
  const contents = Array.from({ length: 20 }, (_, n) => `${n}${"it's\n".repeat(200_000)}`)
  const result = await server.run({
    operations: contents.map((content, n) => (s) => s.file(join(server.directory, `f${n}`), content)),
  })
  expect(result.outcomes()).toEqual(Array(20).fill('ok changed'))
  for (const [n, content] of contents.entries())
    expect(readFileSync(join(server.directory, `f${n}`), 'utf8') === content).toBe(true)
}, 60_000)

describe('a check or a guard that holds a secret', () => {
  const password = () => secret("can'ary-9", 'password')

  test('sees the secret, and is named without it where it fails', async () => {
    const server = machine()
    const at = (name: string) => join(server.directory, name)
    writeFileSync(at('bad'), "it held can'ary-9\n")
    const result = await server.run({
      operations: [
        (s) => s.file(at('good'), "it holds can'ary-9\n", { check: sh`grep -q ${password()} ${at('good')}` }),
        (s) => s.file(at('bad'), 'nothing\n', { check: sh`grep -q ${password()} ${at('bad')}` }),
        (s) => s.run(sh`true`, { unless: sh`no-such-command ${password()}` }),
      ],
    })
    expect(result.outcomes()).toEqual(['ok changed', 'failed 1 check unchanged', 'failed 127 step unchanged'])
    expect(result.outputOf(1)).toContain("the old state is back: grep -q '«secret:password»'")
    expect(result.outputOf(2)).toContain("The guard cannot run: no-such-command '«secret:password»'")
    expect(Buffer.concat([result.stdout, result.stderr]).toString()).not.toContain('ary-9')
    expect(readFileSync(at('bad'), 'utf8')).toBe("it held can'ary-9\n")
  })

  test('is masked in the text that people see, and known to the log', () => {
    const { masked, secrets } = render({
      operations: [(s) => s.file('/x', 'x', { check: sh`grep -q ${password()} /x` })],
    })
    expect(masked).not.toContain('ary-9')
    expect(secrets.map((value) => value.name)).toEqual(['password'])
  })
})
