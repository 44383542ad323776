import { randomUUID } from 'node:crypto'
import { createLog, type NewLog } from '../../src/logs/index.ts'
import type { OutputChunk } from '../../src/logs/output.ts'
import type { Queryable } from '../../src/store/index.ts'

export async function addServer(store: Queryable, name = 'web1'): Promise<number> {
  const [row] = await store.query<{ id: number }>(
    `with server as (insert into orchestra.server (name, host) values ($1, $1) returning id)
     insert into orchestra.lane (server_id) select id from server returning server_id as id`,
    [name],
  )
  return (row as { id: number }).id
}

export interface NewOperation {
  serverId?: number | null
  backend?: string
  action?: string
  model?: string
  key?: string
  unitId?: string
}

export async function addOperation(store: Queryable, operation: NewOperation = {}): Promise<number> {
  const key = operation.key ?? '1'
  const [row] = await store.query<{ id: number }>(
    `insert into orchestra.operation (unit_id, server_id, backend, action, model, object_key, keys)
     values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    [
      operation.unitId ?? randomUUID(),
      operation.serverId ?? null,
      operation.backend ?? 'nginx',
      operation.action ?? 'save',
      operation.model ?? 'site',
      key,
      JSON.stringify([key]),
    ],
  )
  return (row as { id: number }).id
}

export function addLog(store: Queryable, serverId: number, log: Partial<NewLog> = {}): Promise<number> {
  return createLog(store, {
    runId: randomUUID(),
    serverId,
    backend: 'nginx',
    method: 'ssh',
    script: 'echo hello',
    fence: 1,
    attempt: 1,
    operations: [],
    ...log,
  })
}

export async function collectBytes(chunks: AsyncIterable<OutputChunk>): Promise<Buffer> {
  return Buffer.concat((await collectChunks(chunks)).map((chunk) => chunk.data))
}

export async function collectChunks(chunks: AsyncIterable<OutputChunk>): Promise<OutputChunk[]> {
  const all: OutputChunk[] = []
  for await (const chunk of chunks) all.push(chunk)
  return all
}

/** Polls until `condition` holds. */
export async function until(condition: () => boolean | Promise<boolean>, patience = 10_000): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in time')
    await new Promise((wake) => setTimeout(wake, 10))
  }
}
