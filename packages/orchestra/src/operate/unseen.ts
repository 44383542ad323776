import { scopesOf } from '../access/index.ts'
import type { OrchestraError } from '../errors.ts'
import { unknownIncident } from '../incidents/index.ts'
import { unknownLog } from '../logs/index.ts'
import { unknownPlan } from '../plan/index.ts'
import { getRoute, unknownRoute } from '../router/index.ts'
import { unknownServer } from '../server/index.ts'
import { narrowed, type Store } from '../store/index.ts'
import type { Caller } from './context.ts'
import { isVisible, visibleRows } from './visible.ts'

interface Named {
  server?: string
  servers?: readonly string[]
  log?: number
  incident?: number
  route?: number
  /** Its content where it is not kept. */
  plan?: unknown
}

const unknownRow = { log: unknownLog, incident: unknownIncident, plan: unknownPlan }

/** The row of history that an input names by its number. */
export function namedRow(input: unknown): { kind: keyof typeof unknownRow; id: number } | undefined {
  const { log, incident, plan } = (input ?? {}) as Named
  if (log !== undefined) return { kind: 'log', id: log }
  if (typeof plan === 'number') return { kind: 'plan', id: plan }
  return incident === undefined ? undefined : { kind: 'incident', id: incident }
}

/** What somebody names and may not see is nowhere to him, whether it is there or not; undefined where he sees all that he names. */
export async function whatIsUnseen(
  { principal, store }: Pick<Caller, 'principal'> & { store: Store },
  input: unknown,
): Promise<OrchestraError | undefined> {
  const { server, servers = [], route } = (input ?? {}) as Named
  const named = server === undefined ? servers : [server, ...servers]
  const unseen = named.find((one) => !seesServer(principal, one))
  if (unseen !== undefined) return unknownServer(unseen)
  const row = namedRow(input)
  if (row !== undefined) {
    const { kind, id } = row
    const values: unknown[] = [id]
    const seen = narrowed(visibleRows({ principal }, 'status.read'), kind, 'shown', values)
    const rows = await store.query(`select from orchestra.${kind} shown where id = $1 and ${seen}`, values)
    if (rows.length === 0) return unknownRow[kind](id)
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
