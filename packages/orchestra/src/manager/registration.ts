import { hostname } from 'node:os'
import type { Store } from '../store/index.ts'

/** Writes down that a worker is there, for all who ask who works. */
export async function registerWorker(store: Store, id: string, generation: number): Promise<void> {
  await store.query(
    `insert into orchestra.worker (id, host, pid, key_ids, generation) values ($1, $2, $3, $4, $5)`,
    [id, hostname(), process.pid, store.keyring.ids, generation],
  )
  await store.query(`select pg_notify('orchestra_control', 'workers')`)
}

/** A worker that ends says so; of one that cannot, its silence does. */
export async function removeWorker(store: Store, id: string): Promise<void> {
  await store
    .query(
      `with gone as (delete from orchestra.worker where id = $1 returning 1)
       select pg_notify('orchestra_control', 'workers') from gone`,
      [id],
    )
    .catch(() => undefined)
}
