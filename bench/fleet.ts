import { addServer } from '../packages/orchestra/src/fleet/index.ts'
import { addRoute } from '../packages/orchestra/src/router/index.ts'
import type { Store } from '../packages/orchestra/src/store/index.ts'
import { untilWithin } from '../packages/orchestra/test/support/processes.ts'
import type { Application } from './application.ts'
import { config } from './slow-project.ts'

/** Servers that run functions of the worker, each with a route of the rows that name it. */
export async function addFunctionServers({ store }: Application, count: number): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    const name = `server${nth}`
    await addServer(store, { name, method: 'function', by: 'bench' })
    await addRoute(store, config, {
      backend: 'calls',
      server: name,
      match: `page.host == "${name}"`,
      by: 'bench',
    })
  }
  await store.query('delete from orchestra.sync')
}

/** Answers when what was committed was decided, and waits until it is done. */
export async function untilAllIsDone(store: Store, patience: number): Promise<number> {
  const isEmpty = async (sql: string) => (await store.query(sql)).length === 0
  await untilWithin(patience, 'all is decided', () => isEmpty('select from orchestra.change limit 1'))
  const decided = performance.now()
  await untilWithin(patience, 'all is done', () =>
    isEmpty(`select from orchestra.operation where state in ('waiting', 'running') limit 1`),
  )
  return decided
}
