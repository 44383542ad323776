import { scopesOf } from '../access/index.ts'
import type { OrchestraError } from '../errors.ts'
import { unknownLog } from '../logs/index.ts'
import { getRoute, unknownRoute } from '../router/index.ts'
import { unknownServer } from '../server/index.ts'
import { narrowed, type Store } from '../store/index.ts'
import type { Caller } from './context.ts'
import { isVisible, visibleRows } from './visible.ts'

interface Named {
  server?: string
  log?: number
  route?: number
}

/** What somebody names and may not see is nowhere to him, whether it is there or not; undefined where he sees all that he names. */
export async function whatIsUnseen(
  { principal, store }: Pick<Caller, 'principal'> & { store: Store },
  input: unknown,
): Promise<OrchestraError | undefined> {
  const { server, log, route } = (input ?? {}) as Named
  if (server !== undefined && !seesServer(principal, server)) return unknownServer(server)
  if (log !== undefined) {
    const values: unknown[] = [log]
    const seen = narrowed(visibleRows({ principal }, 'status.read'), 'log', 'shown', values)
    const rows = await store.query(`select from orchestra.log shown where id = $1 and ${seen}`, values)
    if (rows.length === 0) return unknownLog(log)
  }
  if (route !== undefined) {
    const found = await getRoute(store, route)
    if (!isVisible({ principal }, found)) return unknownRoute(route)
  }
  return undefined
}

/** Anything of it. */
function seesServer(principal: Caller['principal'], server: string): boolean {
  if (!('grants' in principal)) return true
  return scopesOf(principal.grants, 'status.read').some(
    ({ servers }) => servers === null || servers.includes(server),
  )
}
