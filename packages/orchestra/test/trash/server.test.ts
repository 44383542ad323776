import { randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineBackend } from '../../src/config/backend.ts'
import { defineConfig } from '../../src/config/config.ts'
import { defineModel } from '../../src/config/model.ts'
import { createMethods } from '../../src/methods/index.ts'
import { type Ownership, type Right, record, renderScript, type Script, sh } from '../../src/script/index.ts'
import { markOf } from '../../src/script/inspect.ts'
import type { ServerRow } from '../../src/server/index.ts'
import { toTarget } from '../../src/server/index.ts'
import { emptyTrash, listTrash, restoreTrash } from '../../src/trash/index.ts'
import { otherFileSystem } from '../support/other-file-system.ts'

const model = defineModel({ name: 'thing', table: 'thing', schema: z.object({ id: z.number() }) })
const config = defineConfig({
  models: [model],
  backends: [defineBackend({ name: 'things', model, save: () => undefined })],
})
const methods = createMethods()
const context = { config, methods }

let directory: string
let server: ServerRow

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'orchestra-trash-'))
  server = here(directory)
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

function here(path: string): ServerRow {
  return {
    id: 1,
    name: 'here',
    method: 'local',
    host: 'here',
    port: 0,
    login: 'root',
    sudo: false,
    host_key: null,
    identity_file: null,
    held_at: null,
    directory: path,
  } as ServerRow
}

async function run(steps: (script: Script) => void, ownership?: () => Ownership): Promise<void> {
  const runId = randomUUID()
  const script = renderScript({
    runId,
    backend: 'things',
    server: 'here',
    fence: 1,
    operations: [
      {
        index: 0,
        label: 'delete thing:1',
        action: 'delete',
        recording: record('delete', steps),
        ...(ownership === undefined ? {} : { ownership }),
      },
    ],
  })
  const output: Buffer[] = []
  const end = await methods.local.run(toTarget(server), {
    runId,
    script: Buffer.from(script.text),
    interpreter: null,
    user: null,
    timeouts: { connect: 5_000, idle: 30_000, total: 60_000 },
    signal: new AbortController().signal,
    onStart: () => undefined,
    onOutput: (_, bytes) => {
      output.push(Buffer.from(bytes))
    },
  })
  expect(end).toMatchObject({ kind: 'exited', code: 0 })
  expect(Buffer.concat(output).toString()).toContain('result 0 ok')
}

async function only() {
  const entries = await listTrash(context, server)
  expect(entries).toHaveLength(1)
  const [entry] = entries
  if (entry === undefined) throw new Error('the trash is empty')
  return entry
}

test('a server that never had a trash has nothing in it', async () => {
  expect(await listTrash(context, server)).toEqual([])
  expect(await emptyTrash(context, server, 0)).toEqual([])
})

test('what went back is no stranger to the row that it belongs to', async () => {
  const path = join(directory, 'home')
  const right = (kind: Right['kind']): Right => ({
    kind,
    standing: { identity: 'ada', exists: null, claims: [{ kind: 'path', path }] },
  })
  const save = () =>
    run(
      (script) => script.file(path, 'of the row'),
      () => ({ rights: [right('makes')], disown: [] }),
    )
  await save()
  await run(
    (script) => script.trash(path),
    () => ({ rights: [right('removes')], disown: ['ada'] }),
  )
  await restoreTrash(context, server, (await only()).id)
  await save()
  expect(readFileSync(path, 'utf8')).toBe('of the row')
  const owned = join(directory, '.orchestra-state', 'owned', 'things')
  expect(readdirSync(owned)).toEqual([markOf('ada')])
})

test('an entry goes back as it was, and its command runs with it in place', async () => {
  const path = join(directory, "odd\nname'")
  writeFileSync(path, 'mine')
  await run((script) =>
    script.trash(path, { restore: sh`cp ${path} ${join(directory, 'seen')}`, note: 'n\no' }),
  )
  const entry = await only()
  expect(entry).toMatchObject({ backend: 'things', label: 'delete thing:1', path, note: 'n\no' })
  expect(await restoreTrash(context, server, entry.id)).toEqual(entry)
  expect(readFileSync(path, 'utf8')).toBe('mine')
  expect(readFileSync(join(directory, 'seen'), 'utf8')).toBe('mine')
  expect(await listTrash(context, server)).toEqual([])
})

test('nothing that stands in its place is overwritten', async () => {
  const path = join(directory, 'file')
  writeFileSync(path, 'old')
  await run((script) => script.trash(path))
  writeFileSync(path, 'new')
  const { id } = await only()
  await expect(restoreTrash(context, server, id)).rejects.toMatchObject({ code: 'ORC_TRASH_OCCUPIED' })
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(await only()).toMatchObject({ id })
})

test('an entry whose command fails is in the trash again, with what the command said', async () => {
  const path = join(directory, 'file')
  const gate = join(directory, 'gate')
  writeFileSync(path, 'mine')
  await run((script) => script.trash(path, { restore: sh`echo not yet >&2; test -e ${gate}` }))
  const { id } = await only()
  await expect(restoreTrash(context, server, id)).rejects.toMatchObject({
    code: 'ORC_TRASH_FAILED',
    message: expect.stringContaining('not yet'),
  })
  expect(existsSync(path)).toBe(false)
  writeFileSync(gate, '')
  await restoreTrash(context, server, id)
  expect(readFileSync(path, 'utf8')).toBe('mine')
})

test('an id that is not there is named', async () => {
  for (const id of ['nothing', '../..', '*', '-rf'])
    await expect(restoreTrash(context, server, id)).rejects.toMatchObject({ code: 'ORC_TRASH_UNKNOWN' })
})

test('emptying removes what is old enough and nothing else, wherever the trash is', async () => {
  const other = join(directory, 'elsewhere')
  for (const name of ['one', 'two']) {
    mkdirSync(join(directory, name))
    writeFileSync(join(directory, name, 'file'), name)
  }
  await run((script) => script.trash(join(directory, 'one')))
  await run((script) => script.trash(join(directory, 'two'), { directory: other }))
  const entries = await listTrash(context, server)
  const [one, two] = ['one', 'two'].map((name) => entries.find(({ path }) => path === join(directory, name)))
  expect(await emptyTrash(context, server, 3_600)).toEqual([])
  const meta = join(other, 'things', two?.id ?? '', 'meta')
  writeFileSync(meta, readFileSync(meta, 'utf8').replace(/^\d+/, '1000000000'))
  expect(await emptyTrash(context, server, 3_600)).toEqual([two?.id])
  expect(await listTrash(context, server)).toEqual([one])
  expect(await emptyTrash(context, server, 0)).toEqual([one?.id])
  expect(existsSync(join(other, 'things', two?.id ?? ''))).toBe(false)
})

test('an entry whose move never ended is not shown, and goes a day later', async () => {
  const path = join(directory, 'file')
  writeFileSync(path, 'mine')
  await run((script) => script.trash(path))
  const { id } = await only()
  const entry = join(directory, '.orchestra-state', 'trash', 'things', id)
  renameSync(join(entry, 'data'), join(entry, 'copy'))
  expect(await listTrash(context, server)).toEqual([])
  expect(await emptyTrash(context, server, 0)).toEqual([])
  writeFileSync(join(entry, 'meta'), readFileSync(join(entry, 'meta'), 'utf8').replace(/^\d+/, '1000000000'))
  expect(await emptyTrash(context, server, 30 * 86_400)).toEqual([id])
  expect(existsSync(entry)).toBe(false)
})

describe.runIf(otherFileSystem)('across file systems', () => {
  let far: string

  beforeEach(() => {
    far = mkdtempSync(join(otherFileSystem ?? '', 'orchestra-trash-'))
  })

  afterEach(() => rmSync(far, { recursive: true, force: true }))

  test('what goes is copied whole, and comes back whole', async () => {
    const path = join(directory, 'home')
    mkdirSync(join(path, 'deep'), { recursive: true })
    writeFileSync(join(path, 'deep', 'file'), 'mine', { mode: 0o640 })
    await run((script) => script.trash(path, { directory: join(far, 'trash') }))
    expect(existsSync(path)).toBe(false)
    const { id } = await only()
    expect(readFileSync(join(far, 'trash', 'things', id, 'data', 'deep', 'file'), 'utf8')).toBe('mine')
    await restoreTrash(context, server, id)
    expect(readFileSync(join(path, 'deep', 'file'), 'utf8')).toBe('mine')
    expect(await listTrash(context, server)).toEqual([])
  })
})

test('what lost its note is as old as it looks, and is not taken for the oldest of all', async () => {
  const path = join(directory, 'file')
  writeFileSync(path, 'mine')
  await run((script) => script.trash(path))
  const { id } = await only()
  const entry = join(directory, '.orchestra-state', 'trash', 'things', id)
  writeFileSync(join(entry, 'meta'), '')
  expect(await emptyTrash(context, server, 3_600)).toEqual([])
  expect(readFileSync(join(entry, 'data'), 'utf8')).toBe('mine')
  expect(await emptyTrash(context, server, 0)).toEqual([id])
})

test('a restore command finds the shell as it left it', async () => {
  const path = join(directory, 'file')
  writeFileSync(path, 'mine')
  const seen = join(directory, 'seen')
  await run((script) => script.trash(path, { restore: sh`shopt nullglob dotglob >${seen} || true` }))
  const { id } = await only()
  await restoreTrash(context, server, id)
  expect(readFileSync(seen, 'utf8')).toMatch(/^nullglob\s+off\ndotglob\s+off\n$/)
})

test('a user that the server does not know keeps the trash of the others from nothing', async () => {
  const path = join(directory, 'file')
  writeFileSync(path, 'mine')
  await run((script) => script.trash(path))
  const { id } = await only()
  const unknown = ['nobody-here', 'nobody-there'].map((user) =>
    defineBackend({ name: `of-${user}`, model, user, save: () => undefined }),
  )
  const errors: unknown[] = []
  const both = {
    methods,
    config: defineConfig({ models: [model], backends: [...unknown, ...config.backends.values()] }),
    onError: (error: unknown) => errors.push(error),
  }
  expect((await listTrash(both, server)).map((entry) => entry.id)).toEqual([id])
  await restoreTrash(both, server, id)
  expect(readFileSync(path, 'utf8')).toBe('mine')
  await run((script) => script.trash(path))
  const again = await only()
  expect(await emptyTrash(both, server, 0)).toEqual([again.id])
  expect(errors).toHaveLength(4)
  for (const error of errors)
    expect(error).toMatchObject({ code: 'ORC_TRASH_FAILED', message: expect.stringContaining('nobody-') })
  await expect(restoreTrash(both, server, id)).rejects.toMatchObject({ code: 'ORC_TRASH_FAILED' })
})
