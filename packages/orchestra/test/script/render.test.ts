import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { isOrchestraError } from '../../src/errors.ts'
import {
  joinText,
  raw,
  recordOperation,
  renderScript,
  type Script,
  secret,
  sh,
  text,
} from '../../src/script/index.ts'
import { machine, render, type TestScript } from './harness.ts'

const password = secret("pa'ss", 'db.password')

const example: TestScript = {
  runId: 'run-1',
  token: '0'.repeat(32),
  operations: [
    (s) => {
      s.directory('/srv/a', { owner: 'www', mode: '0750' })
      s.file('/etc/a.conf', text`password = ${password}\n`, { check: sh`conf -t ${'/etc/a.conf'}` })
      s.run(sh`touch ${'/srv/a/.ready'}`, { unless: sh`test -e ${'/srv/a/.ready'}` })
    },
    (s) => s.run(sh`login ${password}`, { input: password }),
  ],
  commit: (s) => s.reload('web'),
}

test('a script reads like what was asked for', () => {
  const { text: real, masked } = render(example)
  const lines = (password: string, quoted: string, token: string) => [
    'o_act_in /srv /etc',
    `o_begin run-1 test 1 60 ${token}`,
    "o_reload reload.web 'systemctl reload web' all",
    "o_op 0 'save thing:0'",
    'o_directory /srv/a 750 www',
    "o_op 1 'save thing:1'",
    `o_input ${quoted}`,
    `o_run ${password}`,
    'o_results 1',
    'o_settle',
  ]
  const realLines = lines("$'login \\'pa\\'\\\\\\'\\'ss\\''", "$'pa\\'ss'", '0'.repeat(32))
  expect(
    real
      .slice(real.indexOf('\no_act_in /') + 1)
      .split('\n')
      .slice(0, 10),
  ).toEqual(realLines)
  const maskedLines = lines(
    "$'login \\'«secret:db.password»\\''",
    "'«secret:db.password»'",
    "'«secret:output-token»'",
  )
  expect(masked.split('\n').slice(1, 11)).toEqual(maskedLines)
  expect(real).toContain('\no_end\nexit\n')
  expect(real.endsWith('\n# end run-1\n')).toBe(true)
})

test('what people see holds no secret in any encoding', () => {
  const value = 'CANARY 4711'
  const canary = secret(value, 'canary')
  const content = joinText(
    [canary, text`${[canary]}`, canary.map((clear) => Buffer.from(clear).toString('base64'))],
    '\n',
  )
  const script = render({
    operations: [
      (s) => s.file('f', content),
      (s) => s.run(sh`a ${canary} ${sh`b ${[canary]}`}`, { env: { A: canary } }),
    ],
  })
  const shown = [
    script.masked,
    inspect(content, { depth: 9 }),
    JSON.stringify([content, sh`x ${canary}`, canary]),
    `${content} ${canary} ${sh`x ${canary}`}`,
    inspect(sh`x ${canary}`, { depth: 9 }),
  ]
  const encodings = [
    value,
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('hex'),
    encodeURIComponent(value),
  ]
  for (const encoding of encodings) expect(shown.join('\n')).not.toContain(encoding)
  expect(script.secrets.map((each) => each.reveal())).toContain(value)
})

test.each([
  ['a NUL byte', 'ORC_VALUE_NUL', (s: Script) => s.file('f', 'a\0b')],
  ['half a character', 'ORC_VALUE_SURROGATE', (s: Script) => s.run(sh`echo ${'\ud800'}`)],
  ['undefined', 'ORC_VALUE_MISSING', (s: Script) => s.run(sh`echo ${undefined as never}`)],
  ['null in an array', 'ORC_VALUE_MISSING', (s: Script) => s.run(sh`echo ${[null as never]}`)],
  ['an object', 'ORC_VALUE_INVALID', (s: Script) => s.run(sh`echo ${{} as never}`)],
  ['a secret in a plain string', 'ORC_SECRET_JOINED', (s: Script) => s.file('f', `x ${password}`)],
  ['a secret in a reload', 'ORC_SECRET_JOINED', (s: Script) => s.reload('x', { command: sh`x ${password}` })],
  ['a service that is an option', 'ORC_VALUE_INVALID', (s: Script) => s.reload('--all')],
  ['a service that is a path', 'ORC_VALUE_INVALID', (s: Script) => s.reload('../x')],
  ['a path upwards', 'ORC_VALUE_INVALID', (s: Script) => s.file('/a/../b', '')],
  ['the root', 'ORC_VALUE_INVALID', (s: Script) => s.absent('//./', { recursive: true })],
  [
    'an owner that is an option',
    'ORC_VALUE_INVALID',
    (s: Script) => s.file('/a', '', { owner: '--reference=/x' }),
  ],
  ['a mode that is none', 'ORC_VALUE_INVALID', (s: Script) => s.file('/a', '', { mode: '0999' })],
  ['a call among steps', 'ORC_SCRIPT_MIXED', (s: Script) => s.call('x', () => undefined)],
  ['a thrown error', 'ORC_BACKEND_THREW', () => JSON.parse('{')],
])('%s fails its operation with a name, and the others are rendered', (_, code, method) => {
  const script = render({ operations: [(s) => s.run(sh`true`), method, (s) => s.run(sh`true`)] })
  expect(script.failures.map(({ index, error }) => [index, error.code])).toEqual([[1, code]])
  expect(script.failures[0]?.error.message).toContain('thing:1')
  expect(script.included).toEqual([0, 2])
})

test('a method that is async or missing is named', () => {
  const backend = { name: 'b', save: async () => undefined }
  const codes = ['save', 'delete', 'constructor'].map((action) => recordOperation(backend, action, {}))
  expect(
    codes.map(
      (recording) => recording.kind === 'failed' && isOrchestraError(recording.error, 'ORC_BACKEND_THREW'),
    ),
  ).toEqual([true, true, true])
})

test("backslashes in a command are the shell's", async () => {
  const { run } = machine()
  const result = await run({
    operations: [(s) => s.run(sh`A=b; printf 'x\n%s\t' "\${A}" \`echo c\` ${raw('"$A"')}`)],
  })
  expect(result.outputOf(0)).toBe('x\nb\tx\nc\tx\nb\t')
})

test('a program of another language runs as a whole', async () => {
  const { run } = machine()
  const interpreter = ['awk', '-f', '/dev/stdin']
  const good = await run({
    interpreter,
    operations: [(s) => s.write('BEGIN { print "it\'s\\t1" }'), (s) => s.write('BEGIN { print 2 }')],
  })
  expect(good.outcomes()).toEqual(['ok changed', 'ok changed'])
  expect(good.outputOf(null)).toContain("it's\t1\n2\n")
  const bad = await run({ interpreter, operations: [(s) => s.write('BEGIN { exit 3 }'), (s) => s.write('')] })
  expect(bad.outcomes()).toEqual(['failed 3 step unchanged', 'failed 3 step unchanged'])
  const mixed = render({ interpreter, operations: [(s) => s.run(sh`true`)] })
  expect(mixed.failures[0]?.error.code).toBe('ORC_SCRIPT_MIXED')
})

test('the same request gives the same script', () => {
  expect(render(example)).toEqual(render(example))
})

test('a run, a backend or a fence that is not well formed is refused', () => {
  const request = { runId: 'r', backend: 'b', server: 's', fence: 1, operations: [] }
  for (const wrong of [
    { runId: '../x' },
    { backend: '../x' },
    { fence: -1 },
    { token: 'short' },
    { acknowledge: ['/'] },
  ]) {
    expect(() => renderScript({ ...request, ...wrong })).toThrow()
  }
})
