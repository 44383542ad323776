import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { record, type Script, secret, sh } from '../../src/script/index.ts'
import { machine } from '../script/harness.ts'

/** The entries of a trash: their directories, and what their meta files say. */
function entries(trash: string) {
  if (!existsSync(join(trash, 'test'))) return []
  return readdirSync(join(trash, 'test')).map((id) => {
    const [time, label, path, restore, note] = readFileSync(join(trash, 'test', id, 'meta'), 'utf8').split(
      '\0',
    )
    return { id, data: join(trash, 'test', id, 'data'), time: Number(time), label, path, restore, note }
  })
}

test('what goes into the trash is whole there, with its path and what puts it back', async () => {
  const { directory, state, run } = machine()
  const home = join(directory, 'home')
  mkdirSync(join(home, 'deep'), { recursive: true })
  writeFileSync(join(home, 'deep', 'file'), 'mine')
  chmodSync(join(home, 'deep', 'file'), 0o640)
  const steps = (script: Script) =>
    script.trash(home, { restore: sh`echo ${'back again'}`, note: 'home of ada' })
  const first = await run({ operations: [steps] })
  expect(first.outputOf(0)).toBe('')
  expect(first.outcomes()).toEqual(['ok changed'])
  expect(existsSync(home)).toBe(false)
  const [entry] = entries(join(state, 'trash'))
  expect(entry).toMatchObject({
    label: 'save thing:0',
    path: home,
    restore: "echo 'back again'",
    note: 'home of ada',
  })
  expect(Math.abs((entry?.time ?? 0) - Date.now() / 1000)).toBeLessThan(60)
  expect(readFileSync(join(entry?.data ?? '', 'deep', 'file'), 'utf8')).toBe('mine')
  expect(lstatSync(join(entry?.data ?? '', 'deep', 'file')).mode & 0o777).toBe(0o640)
  expect(lstatSync(join(state, 'trash')).mode & 0o777).toBe(0o700)
  expect((await run({ operations: [steps] })).outcomes()).toEqual(['ok unchanged'])
  expect(entries(join(state, 'trash'))).toHaveLength(1)
})

test('files, links and odd names go as they are, each into an entry of its own', async () => {
  const { directory, state, run } = machine()
  const names = ['plain', '-rf', "it's", 'a\nb', '* ?', 'ä\\', 'link']
  for (const name of names.slice(0, -1)) writeFileSync(join(directory, name), name)
  symlinkSync('/nowhere', join(directory, 'link'))
  const result = await run({
    operations: names.map((name) => (script: Script) => script.trash(join(directory, name))),
  })
  expect(result.outcomes()).toEqual(names.map(() => 'ok changed'))
  const found = entries(join(state, 'trash'))
  expect(found.map(({ path }) => path).sort()).toEqual(names.map((name) => join(directory, name)).sort())
  for (const { path = '', data } of found.filter((entry) => !entry.path?.endsWith('/link')))
    expect(readFileSync(data, 'utf8')).toBe(path.slice(directory.length + 1))
})

test('another directory is found again through the state directory, and is named there once', async () => {
  const { directory, state, run } = machine()
  for (const name of ['one', 'two']) writeFileSync(join(directory, name), name)
  const other = join(directory, 'elsewhere', 'trash')
  const operations = ['one', 'two'].map(
    (name) => (script: Script) => script.trash(join(directory, name), { directory: other }),
  )
  expect((await run({ operations })).outcomes()).toEqual(['ok changed', 'ok changed'])
  expect(readFileSync(join(state, 'trashes'), 'utf8')).toBe(`${other}\0`)
  expect(entries(other)).toHaveLength(2)
})

test('what cannot be moved stays where it is, and its operation fails alone', async () => {
  const { directory, run } = machine()
  writeFileSync(join(directory, 'file'), 'mine')
  writeFileSync(join(directory, 'good'), 'mine')
  writeFileSync(join(directory, 'occupied'), 'no directory')
  const result = await run({
    operations: [
      (script) => script.trash(join(directory, 'file'), { directory: join(directory, 'occupied') }),
      (script) => script.trash(join(directory, 'good')),
    ],
  })
  expect(result.outcomes()).toEqual(['failed 1 step unchanged', 'ok changed'])
  expect(result.outputOf(0)).toContain('occupied')
  expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('mine')
})

test('a step after it can make the path anew in the same operation, and a step before it is in it', async () => {
  const { directory, state, run } = machine()
  const path = join(directory, 'file')
  const result = await run({
    operations: [
      (script) => {
        script.file(path, 'old')
        script.trash(path)
        script.file(path, 'new')
      },
    ],
  })
  expect(result.outcomes()).toEqual(['ok changed'])
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(entries(join(state, 'trash')).map(({ data }) => readFileSync(data, 'utf8'))).toEqual(['old'])
})

test('a command that is kept on the server holds no secret', () => {
  const recording = record('x', (script) =>
    script.trash('/srv/x', { restore: sh`login ${secret('pw', 'password')}` }),
  )
  expect(recording).toMatchObject({ kind: 'failed', error: { code: 'ORC_SECRET_JOINED' } })
})

test('a guard decides whether it goes, and holds for nothing else', async () => {
  const { directory, state, run } = machine()
  const at = (name: string) => join(directory, name)
  for (const name of ['kept', 'guarded', 'next']) writeFileSync(at(name), name)
  const result = await run({
    operations: [
      (script) => {
        script.trash(at('kept'), { onlyIf: sh`false` })
        script.trash(at('guarded'), { onlyIf: sh`true`, unless: sh`false` })
        script.trash(at('next'))
      },
    ],
  })
  expect(result.outcomes()).toEqual(['ok changed'])
  expect(existsSync(at('kept'))).toBe(true)
  expect(
    entries(join(state, 'trash'))
      .map(({ path }) => path)
      .sort(),
  ).toEqual([at('guarded'), at('next')])
})
