import { presentIdentity, vouchFor } from '../access/index.ts'
import type { Config } from '../config/config.ts'
import { isOrchestraError } from '../errors.ts'
import { createMethods } from '../methods/index.ts'
import type { Asker, DoRequest, RequestedWork } from '../requests/index.ts'
import { toExactJson } from '../source/index.ts'
import type { Store } from '../store/index.ts'
import type { Context, Principal } from './context.ts'
import { failureOf } from './failure-of.ts'
import { canBeHandedOver } from './hand-over.ts'
import { operations } from './operations.ts'
import { perform } from './perform.ts'
import type { AnyVerb } from './verb.ts'
import { expecting } from './version.ts'

/** What requests are done with. */
export interface Doing {
  store: Store
  config: Config
  environment?: NodeJS.ProcessEnv | undefined
  /** Told of what nobody expected; whoever asked is not. */
  onError?: ((error: unknown) => void) | undefined
}

/** Does requests by the verbs that they name, in the name of whoever asked, with what he may do by now. */
export function requestsBy(doing: Doing): DoRequest {
  return async (work, { signal, tell }) => {
    try {
      const verb = verbOf(work)
      const asking = async () => {
        const principal = await principalNow(doing.store, work.asker)
        return contextOf(doing, work, { principal, signal, tell }) as Context<never>
      }
      const { onError = () => undefined } = doing
      const output =
        verb.carry === undefined
          ? await perform({ verb, given: work.input, open: asking as () => Promise<never> })
          : await verb.carry({ request: work.id, asking, onError })
      return { state: 'done', result: toExactJson(output) ?? 'null' }
    } catch (error) {
      if (signal.aborted && !isOrchestraError(error)) return { state: 'cancelled' }
      if (!isOrchestraError(error)) doing.onError?.(error)
      return { state: 'failed', error: failureOf(error) }
    }
  }
}

/** Nothing runs by its name alone that the API would not have left to a worker. */
function verbOf({ verb: name }: RequestedWork): AnyVerb {
  const all: readonly AnyVerb[] = operations
  const verb = all.find((one) => one.name === name)
  if (verb !== undefined && (canBeHandedOver(verb) || verb.carry !== undefined)) return verb
  throw new Error(`no worker does ${JSON.stringify(name)} for others`)
}

async function principalNow(store: Store, asker: Asker): Promise<Principal> {
  if ('by' in asker) return presentIdentity(store, asker)
  return asker.kind === 'application' ? vouchFor(store, asker.said) : asker
}

function contextOf(
  { store, config, environment }: Doing,
  { verb, input, agrees, versions }: RequestedWork,
  caller: Pick<Context, 'principal' | 'signal' | 'tell'>,
): Context<unknown> {
  return {
    ...caller,
    store: expecting(store, verb, input, versions),
    config,
    face: 'http',
    methods: () => createMethods(environment === undefined ? {} : { environment }),
    agree: async () => (agrees ? 'given' : 'refused'),
  }
}
