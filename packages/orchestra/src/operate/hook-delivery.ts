import { isOrchestraError, messageOf, OrchestraError } from '../errors.ts'
import {
  DoneMeanwhile,
  endingDelivery,
  type HookDelivery,
  hookIdentity,
  noteRefusal,
  noteResult,
  type Proof,
  type ProvenHook,
  provenHook,
  receiveDelivery,
} from '../hooks/index.ts'
import { createMethods } from '../methods/index.ts'
import { storable } from '../store/index.ts'
import { objectCollect } from './collect.ts'
import type { Context } from './context.ts'
import { type HookWork, workOf } from './hook-work.ts'
import { perform } from './perform.ts'
import { syncStart } from './sync.ts'

type Surroundings = Pick<Context, 'store' | 'config'>

/** What somebody elsewhere sends to a hook. */
export interface HookMessage {
  hook: string
  proof: Proof
  body: Buffer
}

/** A message that is of its sender, and not done yet. */
export interface TakenMessage {
  delivery: number
  /** Does what it says, as far as the hook may; what is refused is noted. */
  act(): Promise<void>
}

/**
 * Finds out whether a message is from the sender of its hook; no one else learns anything of the hook.
 * @throws OrchestraError ORC_HOOK_REFUSED
 */
export function proveMessage(
  { store }: Surroundings,
  { hook, proof, body }: HookMessage,
): Promise<ProvenHook> {
  return provenHook(store, hook, { proof, body })
}

/** Notes a message; it is done once, however often it comes, and again where nobody came to its end. */
export async function takeMessage(
  surroundings: Surroundings,
  hook: ProvenHook,
  { proof, body }: HookMessage,
): Promise<TakenMessage> {
  const { store } = surroundings
  const { id, isRepeated } = await receiveDelivery(store, hook, proof.id)
  const act = async () => {
    if (isRepeated) return
    try {
      const work = workOf({ ...hook, at: hook.pointers }, parsed(body))
      const result = await doWork({ ...surroundings, store: endingDelivery(store, id) }, hook, work)
      await noteResult(store, id, result)
    } catch (error) {
      if (error instanceof DoneMeanwhile) return
      if (!isRefusal(error)) throw error
      await noteRefusal(store, id, failureOf(error))
    }
  }
  return { delivery: id, act }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new OrchestraError('ORC_HOOK_BODY', 'The message is no JSON', { hint: 'Have the sender send JSON' })
  }
}

async function doWork(
  { store, config }: Surroundings,
  hook: ProvenHook,
  { verb, given }: HookWork,
): Promise<HookDelivery['result']> {
  const context: Context = {
    store,
    config,
    principal: await hookIdentity(store, hook),
    face: 'http',
    methods: () => createMethods({}),
    agree: async () => 'refused',
    tell: () => undefined,
    signal: new AbortController().signal,
  }
  const open = async () => context
  if (verb === 'object.collect') {
    const { unit } = await perform({ verb: objectCollect, given: given as { object: string }, open })
    return { unit }
  }
  return { sync: (await perform({ verb: syncStart, given, open })).id }
}

/** The store is not there: nothing came of it yet, and whoever sends it sends it again. */
function isRefusal(error: unknown): error is OrchestraError {
  return isOrchestraError(error) && !/^ORC_(STORE|INTERNAL)/.test(error.code)
}

/** Characters of a message that are kept. */
const LONGEST = 1_000

function failureOf(error: OrchestraError): HookDelivery['error'] {
  const { code, hint } = error
  const text = (words: string) => storable(words.slice(0, LONGEST)) ?? ''
  return { code, message: text(messageOf(error)), hint: hint === undefined ? null : text(hint) }
}
