import { formatObject } from '../config/key.ts'
import { isOrchestraError, OrchestraError } from '../errors.ts'
import { type Deed, hookGrant, type NewHook, type Pointers, textAt } from '../hooks/index.ts'
import { permit } from './permit.ts'

/** What a message of a hook asks for. */
export interface HookWork {
  verb: 'object.collect' | 'sync.start'
  given: object
}

/** What hooks do, as verbs. */
const works: Readonly<Record<Deed, Pick<HookWork, 'verb'> & { mode?: 'check' | 'sync' }>> = {
  collect: { verb: 'object.collect' },
  check: { verb: 'sync.start', mode: 'check' },
  sync: { verb: 'sync.start', mode: 'sync' },
}

interface Hook {
  does: Deed
  at: Pointers
  servers?: readonly string[] | null | undefined
  backends?: readonly string[] | null | undefined
  models?: readonly string[] | null | undefined
}

/**
 * What a hook is to do by what it was told. What the message is to name and does not is refused: else it would be about everything.
 * @throws OrchestraError ORC_HOOK_BODY
 */
export function workOf(hook: Hook, message: unknown): HookWork {
  return workBy(hook, (pointer) => textAt(message, pointer))
}

function workBy(
  { does, at, servers, backends, models }: Hook,
  textOf: (pointer: string) => string,
): HookWork {
  const named = (pointer: string | undefined, limit: readonly string[] | null | undefined) =>
    pointer === undefined ? only(limit) : textOf(pointer)
  const model = named(at.model, models)
  const object = at.object === undefined ? objectOf(model, at.key?.map(textOf)) : textOf(at.object)
  const { verb, mode } = works[does]
  if (mode === undefined) return { verb, given: { object } }
  const where = { server: named(at.server, servers), backend: named(at.backend, backends) }
  return { verb, given: { mode, ...where, ...(object === undefined ? { model } : { object }) } }
}

/** The only name that a hook is limited to need not be said. */
function only(names: readonly string[] | null | undefined): string | undefined {
  return names?.length === 1 ? names[0] : undefined
}

function objectOf(model: string | undefined, key: readonly string[] | undefined): string | undefined {
  return model === undefined || key === undefined ? undefined : formatObject(model, key)
}

/**
 * Refuses a hook whose messages could never do anything: tried with what a message might say at best.
 * @throws OrchestraError ORC_HOOK_INVALID
 */
export async function assertCanAct(hook: Pick<NewHook, 'name' | keyof Hook>): Promise<void> {
  const { does, at, servers, backends, models, name } = hook
  if (at.key !== undefined && at.model === undefined && only(models) === undefined)
    throw invalid('The key of an object is nothing without its model', 'Give one model, or where it stands')
  if (does === 'collect' && at.object === undefined && at.key === undefined)
    throw invalid('No message says which object is to be looked at', 'Give where it stands, or its key')
  const best: Record<string, string | undefined> = {
    [at.server ?? '']: servers?.[0],
    [at.backend ?? '']: backends?.[0],
    [at.model ?? '']: models?.[0],
    [at.object ?? '']: models?.[0] === undefined ? undefined : formatObject(models[0], ['1']),
  }
  const { verb, given } = workBy(hook, (pointer) => best[pointer] ?? 'any')
  const grants = [hookGrant(does, hook)]
  const principal = { kind: 'token', name: `hook:${name}`, grants, accountId: null, by: null } as const
  await permit({ principal }, verb, given).catch((error: unknown) => {
    if (!isOrchestraError(error, 'ORC_FORBIDDEN')) throw error
    throw invalid(
      'Its messages would never be about what it is limited to alone',
      does === 'collect'
        ? 'A row is looked at for all servers and backends: limit it by models alone'
        : 'Limit it to one, or give where a message says which: `at`, or --server-at and the like',
    )
  })
}

function invalid(message: string, hint: string): OrchestraError {
  return new OrchestraError('ORC_HOOK_INVALID', message, { hint })
}
