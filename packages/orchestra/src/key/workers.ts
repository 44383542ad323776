import { setTimeout as sleep } from 'node:timers/promises'
import { OrchestraError } from '../errors.ts'
import { WORKER_ALIVE } from '../operations/worker-alive.ts'
import type { Queryable } from '../store/index.ts'

/** A worker that runs, and the keys that it said to have; null where it is of a release that says nothing. */
export interface WorkerKeys {
  name: string
  keyIds: readonly string[] | null
}

const INTERVAL = 500

export function workerKeys(db: Queryable): Promise<WorkerKeys[]> {
  return db.query<WorkerKeys>(
    `select 'process ' || pid || ' on ' || host as name, key_ids as "keyIds"
     from orchestra.worker where ${WORKER_ALIVE} order by 1`,
  )
}

/** What every worker has to have done before a new key may go on. */
export type Wanted = 'has' | 'encrypts-with'

/**
 * Waits until every worker that runs has a key, or encrypts with it. Workers read a key file again within seconds.
 * @param patience milliseconds
 * @throws OrchestraError ORC_KEY_NOT_SHARED
 */
export async function awaitWorkers(
  db: Queryable,
  { keyId, wanted, patience }: { keyId: string; wanted: Wanted; patience: number },
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + patience
  while (!signal.aborted) {
    const lacking = (await workerKeys(db)).filter((worker) => !satisfies(worker, keyId, wanted))
    if (lacking.length === 0) return
    if (Date.now() >= deadline) throw notShared(lacking, keyId, wanted)
    await sleep(INTERVAL, undefined, { signal }).catch(() => undefined)
  }
}

function satisfies({ keyIds }: WorkerKeys, keyId: string, wanted: Wanted): boolean {
  return wanted === 'has' ? keyIds?.includes(keyId) === true : keyIds?.[0] === keyId
}

function notShared(lacking: readonly WorkerKeys[], keyId: string, wanted: Wanted): OrchestraError {
  const who = lacking.map(({ name, keyIds }) => (keyIds === null ? `${name} (an earlier release)` : name))
  const what = wanted === 'has' ? `do not have key ${keyId}` : `do not encrypt with key ${keyId}`
  const how = wanted === 'has' ? 'Give them the key too' : 'Give it to them as the first of their keys'
  return new OrchestraError('ORC_KEY_NOT_SHARED', `Workers ${what}: ${who.join(', ')}`, {
    hint: `${how}: the same key file, or the same ORCHESTRA_KEY and a restart; then run \`orchestra key rotate\` again, which goes on from here`,
  })
}
