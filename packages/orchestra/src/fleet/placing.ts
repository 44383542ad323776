import { requestSync } from '../request/request.ts'
import { decideFailuresAgain, touchRoutes } from '../router/index.ts'
import { type Doer, doerOf } from '../server/doer.ts'
import type { Queryable } from '../store/index.ts'

/**
 * Lets objects go where routes lead now that a server has other tags: those of backends with a route that may ask for tags.
 * @param allowDeletes how many objects of one backend on one server may go; undefined is the usual bound
 */
export async function placeByTags(
  tx: Queryable,
  { source, allowDeletes, ...doer }: Doer & { source: string; allowDeletes?: number | undefined },
): Promise<void> {
  await touchRoutes(tx)
  const backends = await backendsByTag(tx)
  await decideFailuresAgain(tx, backends)
  for (const backend of backends)
    await requestSync(tx, {
      mode: 'sync',
      backend,
      inspects: false,
      allowDeletes,
      actor: doerOf(doer),
      source,
    })
  await tx.query('notify orchestra_wake')
}

/** Backends with routes that lead elsewhere when servers get other tags: to tags, or by an expression that may ask for the server. */
export async function backendsByTag(db: Queryable): Promise<string[]> {
  const routes = await db.query<{ backend: string }>(
    `select distinct backend from orchestra.route where cardinality(tags) > 0 or match like '%server%' order by backend`,
  )
  return routes.map(({ backend }) => backend)
}
