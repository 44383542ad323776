import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderSearch, type Script, sh } from '../../src/script/index.ts'
import { machine } from './harness.ts'

const killsWhatTells = sh`read -r _ _ _ parent _ </proc/$BASHPID/stat; kill -9 $parent`

test('what looks is not taken for hung because its whole machine stood still', async () => {
  const server = machine({}, ['setsid', '-w'])
  const still = sh`read -r _ < <(setsid bash -c 'echo; exec >/dev/null; sleep 1.5; kill -CONT -- -'$$)
kill -STOP -- -$$
sleep 0.2`
  const guarded = (s: Script) => s.run(sh`true`, { onlyIf: still })
  const checked = (s: Script) => s.file(join(server.directory, 'file'), 'new', { check: still })
  const result = await server.run({ operations: [guarded, checked], patience: 1 })
  expect(result.outcomes()).toEqual(['ok changed', 'ok changed'])
})

test('a guard that somebody ended decides nothing, and what it guards does not run', async () => {
  const server = machine()
  const operations = (['unless', 'onlyIf'] as const).map(
    (kind) => (s: Script) => s.run(sh`touch ran`, { [kind]: killsWhatTells }),
  )
  const result = await server.run({ operations, patience: 60 })
  expect(result.outcomes()).toEqual(Array(2).fill('failed 125 step unchanged'))
  expect(result.outputOf(0)).toContain('was ended before it told anything')
  expect(readdirSync(server.directory)).not.toContain('ran')
})

test('a check that somebody ended says so, and the old file is back', async () => {
  const server = machine()
  const operation = (s: Script) => s.file(join(server.directory, 'file'), 'new', { check: killsWhatTells })
  const result = await server.run({ operations: [operation], patience: 60 })
  expect(result.outcomes()).toEqual(['failed 125 before unchanged'])
  expect(result.outputOf(0)).toContain('was ended before it told anything')
  expect(readdirSync(server.directory)).not.toContain('file')
})

test.each([
  ['the check', sh`kill -9 $BASHPID`],
  ['what tells its status', killsWhatTells],
])('nobody is blamed by a search in which somebody ended %s', async (_, deadly) => {
  const server = machine()
  const conf = join(server.directory, 'conf')
  const looks = join(server.directory, 'looks')
  mkdirSync(conf)
  const paths = Array.from({ length: 8 }, (_, n) => join(conf, `${n}.conf`))
  for (const path of paths) writeFileSync(path, path.endsWith('/3.conf') ? 'bad' : 'good')
  const check = sh`echo x >>${looks}; (($(wc -l <${looks}) != 4)) || { ${deadly}; }; ! grep -q bad ${conf}/*.conf`
  const runId = randomUUID()
  const standing = paths.map((path) => ({ paths: [path] }))
  const script = renderSearch(
    { runId, backend: 'sites', fence: 1, patience: 60, standing },
    check.rendered,
    5,
  )
  const run = await server.runText(script.text, runId, script.token)
  expect(run.finished).toBe(false)
  expect(run.stdout.toString()).not.toContain(' broken ')
  expect(readdirSync(conf).sort()).toEqual(paths.map((path) => path.slice(conf.length + 1)))
})
