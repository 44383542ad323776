import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bootstrapCommand, endLine } from '../../src/script/bootstrap.ts'
import {
  renderEmit,
  renderRecovery,
  renderScript,
  renderTakeOut,
  renderTrash,
  sh,
  type TransferTry,
} from '../../src/script/index.ts'
import { renderInspection } from '../../src/script/inspect.ts'
import { parted, preludeFiles, withPrelude } from '../../src/script/prelude.ts'
import { readFunctions, readShell } from '../../src/script/shell-file.ts'
import { machine } from './harness.ts'

const names = preludeFiles.flatMap((name) => [...readFunctions(name).functions.keys()])
const stubs = Array.from(withPrelude('', endLine('run-1')).matchAll(/^(o_\w+)\(\) \{ (o_load [^;]+);/gm))

/** What bash has of these functions after the lines. */
function functionsAfter(lines: readonly string[]): string {
  const [file = '', ...args] = bootstrapCommand('run-1')
  const input = withPrelude([...lines, 'echo', `declare -f ${names.join(' ')}`].join('\n'), endLine('run-1'))
  const { stdout, stderr } = spawnSync(file, args, { input, encoding: 'utf8' })
  expect(stderr).toBe('')
  return stdout.slice(stdout.indexOf('\n\n') + 2)
}

test('a function that comes with its first call is the one that is written down', () => {
  const whole = [...preludeFiles.map(readShell), `declare -f ${names.join(' ')}`].join('\n')
  const expected = spawnSync('bash', ['-c', whole], { encoding: 'utf8' }).stdout
  const loads = stubs.map(([, , load = '']) => load)
  expect(loads.length).toBeGreaterThan(50)
  expect(functionsAfter(loads)).toBe(expected)
})

test('what is handed on as text comes with what hands it on', () => {
  const handing = preludeFiles
    .flatMap((name) => [...readFunctions(name).functions])
    .flatMap(([name, text]) => {
      const handed = /\$\(declare -f ([\w ]+)\)/.exec(text)?.[1]?.split(' ') ?? []
      return handed.length === 0 ? [] : [{ name, handed }]
    })
  expect(handing.map(({ name }) => name)).toEqual(['o_do_errands'])
  for (const { name, handed } of handing) {
    const load = stubs.find(([, stub]) => stub === name)?.[2] ?? ''
    const missing = handed.filter((one) => functionsAfter([load]).includes(`o_load ${one} `))
    expect(missing).toEqual([])
  }
})

test('a script of any kind is parted from what a bash may have already, and says the same without it', () => {
  const run = { runId: 'run-1', backend: 'pages', fence: 1 }
  const one: TransferTry = { transferId: 1, attempt: 1, side: 'from', runId: 'run-1' }
  const scripts = {
    run: renderScript({ ...run, server: 'one', operations: [] }).text,
    recovery: renderRecovery({ runId: 'run-1', runs: [] }).text,
    search: renderTakeOut({ ...run, standing: [] }).text,
    transfer: renderEmit(one, sh`true`).text,
    trash: renderTrash('run-1', { kind: 'list' }),
    inspection: renderInspection({ ...run, questions: {} }).text,
  }
  for (const text of Object.values(scripts)) {
    const parts = parted(Buffer.from(text), endLine('run-1'))
    const rest = Buffer.concat(parts?.rest ?? []).toString()
    expect(rest.length).toBeLessThan(text.length / 4)
    const body = rest.slice(0, rest.indexOf('\nexit\n# end run-1\n'))
    expect(text).toBe(withPrelude(body, endLine('run-1')))
  }
  expect(parted(Buffer.from(scripts.run.replace('o_load', 'o_lode')), endLine('run-1'))).toBe(null)
  expect(parted(Buffer.from(scripts.run), endLine('run-2'))).toBe(null)
})

test('no function is written down twice', () => {
  const folder = new URL('../../src/script/', import.meta.url).pathname
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.sh'))
    .flatMap((name) => [...readFunctions(name).functions.keys()])
  expect(all.filter((name, at) => all.indexOf(name) !== at)).toEqual([])
})

test('whatever a script of any kind calls is defined', () => {
  const folder = new URL('../../src/script/', import.meta.url).pathname
  const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'often.ts')
  const called = sources.flatMap(
    (name) => readFileSync(join(folder, name), 'utf8').match(/\bo_[a-z_]+\b/g) ?? [],
  )
  const others = ['trash.sh', 'transfer.sh', 'inspect.sh', 'session.sh'].flatMap((name) => [
    ...readFunctions(name).functions.keys(),
  ])
  const known = new Set([...names, ...others, 'o_load', 'o_script', 'o_seldom'])
  expect([...new Set(called)].filter((name) => !known.has(name))).toEqual([])
})

test('what is called first inside of a command is there too, under a locale with long characters', async () => {
  const server = machine({ LC_ALL: 'C.UTF-8' })
  const result = await server.run({
    operations: [
      (s) => s.file(join(server.directory, 'ü'.repeat(40)), 'ü€😀'.repeat(1000)),
      (s) => s.run(sh`o_is_inside ${'/a'} || echo ${'ü'}; o_called passwd 0`),
    ],
  })
  expect(result.outcomes()).toEqual(['ok changed', 'ok changed'])
  expect(result.outputOf(1)).toBe('ü\nroot')
})

test('no function calls another by a name that is put together', () => {
  const put = preludeFiles.flatMap((name) => readShell(name).match(/^.*"o_[a-z_]*\$.*$/gm) ?? [])
  expect(put).toEqual(['said=$("o_errand_$verb" 2>&1)'])
})
