import { addRequest, hasEnded, type RequestView, readRequest } from '../requests/index.ts'
import type { Store } from '../store/index.ts'
import { checkInput } from './check-input.ts'
import type { Caller } from './context.ts'
import { follow } from './follow.ts'
import { permit } from './permit.ts'
import { askerOf } from './requests.ts'
import type { AnyVerb } from './verb.ts'

/** What somebody asks for by way of a process that leaves it to workers. */
export interface HandedOver {
  verb: AnyVerb
  given: unknown
  caller: Pick<Caller, 'principal'> & { store: Store }
  agrees: boolean
  /** From where he asks. */
  address: string
  /** As `If-Match` names them; undefined for any. */
  versions?: readonly string[] | undefined
}

/** Whether a worker may do it in somebody's place: it has what is needed, and nothing that is written down of it is secret. */
export function canBeHandedOver({ needs, answers, secret }: AnyVerb): boolean {
  return (needs === 'key' || needs === 'servers') && answers !== 'in-pieces' && secret !== true
}

/**
 * Leaves a verb to a worker, after all that can be told at once: what is wrong with it, and who may not ask for it. Both are looked at
 * again when it is done.
 */
export async function handOver({
  verb,
  given,
  caller,
  agrees,
  address,
  versions,
}: HandedOver): Promise<number> {
  const input = checkInput(verb, given)
  await permit(caller, verb.name, input)
  const { store, principal } = caller
  const asker = askerOf(principal, address)
  return addRequest(store, {
    verb: verb.name,
    input: given,
    agrees,
    asker,
    repeatable: verb.kind === 'read',
    versions,
  })
}

/** A request when it has ended, or as it is when whoever waits leaves. */
export async function requestEnded(
  store: Store,
  id: number,
  leaving: Promise<unknown>,
): Promise<RequestView> {
  const { value } = await follow(
    store,
    async () => {
      const { view } = await readRequest(store, id, null)
      return { value: view, ended: hasEnded(view) }
    },
    leaving,
  )
  return value
}
