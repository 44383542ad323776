/** Which running operations of a regenerating backend one script is about. All of them run on one lane. */
export interface Span {
  serverId: number
  backend: string
  model: string
  actions: 'save' | 'delete' | 'both'
  /** Their ids lie between these two, which belong to it. */
  first: number
  last: number
}

/** All that was claimed. */
export function everything(
  claim: { server: { id: number } },
  backend: { name: string; model: { name: string } },
  actions: Span['actions'],
): Span {
  const [first, last] = [0, Number.MAX_SAFE_INTEGER]
  return { serverId: claim.server.id, backend: backend.name, model: backend.model.name, actions, first, last }
}

/** SQL for whether an operation is of a selection, whose values are parameters from number `from` on. */
export function ofSelection(alias: string, from: number): string {
  const [server, backend, actions, first, last] = [0, 1, 2, 3, 4].map((offset) => `$${from + offset}`)
  return `${alias}.server_id = ${server} and ${alias}.backend = ${backend}
    and (${actions}::text = 'both' or (${alias}.action = 'delete') = (${actions}::text = 'delete'))
    and ${alias}.id between ${first} and ${last}`
}

export function valuesOf({ serverId, backend, actions, first, last }: Span): unknown[] {
  return [serverId, backend, actions, first, last]
}
