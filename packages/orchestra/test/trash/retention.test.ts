import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { defineBackend } from '../../src/config/backend.ts'
import { defineConfig } from '../../src/config/config.ts'
import { defineModel } from '../../src/config/model.ts'
import { createMethods } from '../../src/methods/index.ts'
import { record, renderScript } from '../../src/script/index.ts'
import { getServer, listServers, pause, resume, toTarget } from '../../src/server/index.ts'
import type { Store } from '../../src/store/index.ts'
import { emptyOldTrash } from '../../src/trash/index.ts'
import { describeStores } from '../support/stores.ts'

const model = defineModel({ name: 'thing', table: 'thing', schema: z.object({ id: z.number() }) })
const config = defineConfig({
  models: [model],
  backends: [defineBackend({ name: 'things', model, save: () => undefined })],
})
const methods = createMethods()

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'orchestra-trash-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function addLocal(store: Store, name: string, path: string): Promise<void> {
  await store.query(
    `insert into orchestra.server (name, method, host, directory) values ($1, 'local', 'localhost', $2)`,
    [name, path],
  )
}

/** What was moved to the trash of a server years ago. */
async function oldTrash(store: Store, name: string): Promise<void> {
  const path = join(directory, 'file')
  writeFileSync(path, 'mine')
  const runId = randomUUID()
  const recording = record('delete', (script) => script.trash(path))
  const operations = [{ index: 0, label: 'delete thing:1', action: 'delete', recording }]
  const { text } = renderScript({ runId, backend: 'things', server: name, fence: 1, operations })
  const target = toTarget(await getServer(store, name))
  await methods.for(target).run(target, {
    runId,
    script: Buffer.from(text),
    interpreter: null,
    user: null,
    timeouts: { connect: 5_000, idle: 30_000, total: 60_000 },
    signal: new AbortController().signal,
    onStart: () => undefined,
    onOutput: () => undefined,
  })
  for (const id of inTrash()) {
    const meta = join(directory, '.orchestra-state', 'trash', 'things', id, 'meta')
    writeFileSync(meta, readFileSync(meta, 'utf8').replace(/^\d+/, '1000000000'))
  }
}

const inTrash = () => readdirSync(join(directory, '.orchestra-state', 'trash', 'things'))

describeStores('retention of trash', (open) => {
  test('empties every server that can be asked, and names the others', async () => {
    const store = await open()
    await addLocal(store, 'missing', join(directory, 'not-there'))
    await addLocal(store, 'here', directory)
    await oldTrash(store, 'here')
    const problems: unknown[] = []
    await emptyOldTrash({ config, methods, store, onError: (error) => problems.push(error) })
    expect(inTrash()).toEqual([])
    expect(problems).toHaveLength(1)
  })

  test('leaves a held server alone, and all of them while everything is paused', async () => {
    const store = await open()
    await addLocal(store, 'here', directory)
    await oldTrash(store, 'here')
    await store.query('update orchestra.server set held_at = now()')
    await emptyOldTrash({ config, methods, store })
    expect(inTrash()).toHaveLength(1)

    await store.query('update orchestra.server set held_at = null')
    await pause(store, { by: 'eva', reason: 'looks into something' })
    await emptyOldTrash({ config, methods, store })
    expect(inTrash()).toHaveLength(1)

    await resume(store)
    expect(await listServers(store)).toHaveLength(1)
    await emptyOldTrash({ config, methods, store })
    expect(inTrash()).toEqual([])
  })
})
