import { randomUUID } from 'node:crypto'
import { saveAgain } from '../../collector/save-again.ts'
import { persist } from '../../logs/persist.ts'
import { type Rendered, renderSearch, renderTakeOut, type ScriptEvent } from '../../script/index.ts'
import { runBeside, type Search } from './run-beside.ts'
import { type StandingObject, standingObjects } from './standing.ts'

/** With more to blame than this, something else is the cause: a name server that is away breaks many sites at once. */
const MOST_TAKEN_OUT = 5

/** What a search for the cause of a failing check came to. */
export type Cleared =
  /** Whoever was refused because of it goes on at once. */
  | { kind: 'cleared' }
  /** It does not fail any more. */
  | { kind: 'passes' }
  /** Nothing was changed; the reason is for people, null where no file of ours is to blame. */
  | { kind: 'stays'; reason: string | null }

/**
 * A check fails without the files that it was run for. Finds whose standing files are to blame, and takes these out of service where
 * their backends allow it: the files go, and the objects are saved again until that succeeds.
 */
async function clearBroken(options: Search): Promise<Cleared> {
  const { context, claim, backend, check } = options
  const { store, config } = context
  const standing = await persist(context.signal, () =>
    standingObjects(store, config, store.keyring, { serverId: claim.server.id, user: backend.user, check }),
  )
  if (standing.length === 0) return { kind: 'stays', reason: null }
  const found = await search(options, standing)
  if (found === 'passes') return { kind: 'passes' }
  const decision = decide(found)
  if (decision.kind === 'stays') return decision
  // Noted first: should the worker die now, what stands is saved once more and stays.
  await persist(context.signal, () => saveThem(options, decision.out))
  return (await takeOut(options, decision.out)) ? { kind: 'cleared' } : { kind: 'stays', reason: null }
}

/** The same for the first of several checks that fails. */
export async function clearFirst(
  options: Omit<Search, 'check'>,
  checks: readonly Rendered[],
): Promise<Cleared> {
  let cleared: Cleared = { kind: 'passes' }
  for (const check of checks)
    if (cleared.kind === 'passes') cleared = await clearBroken({ ...options, check })
  return cleared
}

/** Why something failed, with what is known of the cause. */
export function withBlame(why: string, cleared: Cleared): string {
  return cleared.kind === 'stays' && cleared.reason !== null ? `${why}; ${cleared.reason}` : why
}

type Decision = Extract<Cleared, { kind: 'stays' }> | { kind: 'out'; out: readonly StandingObject[] }

/** Pure. */
export function decide(found: readonly StandingObject[]): Decision {
  const names = found.map(({ title, backend }) => `${title} of ${backend.name}`).join(', ')
  if (found.length === 0) return { kind: 'stays', reason: null }
  if (found.length > MOST_TAKEN_OUT)
    return { kind: 'stays', reason: `too many objects break it to take them out of service: ${names}, ...` }
  const out = found.filter(({ backend }) => backend.onBroken !== 'keep')
  if (out.length < found.length)
    return { kind: 'stays', reason: `to blame is ${names}, which its backend keeps in service` }
  return { kind: 'out', out }
}

async function search(
  options: Search,
  standing: readonly StandingObject[],
): Promise<'passes' | readonly StandingObject[]> {
  let passes = false
  const found: StandingObject[] = []
  const onEvent = (event: ScriptEvent) => {
    if (event.kind === 'passes') passes = true
    const object = event.kind === 'broken' ? standing[event.index] : undefined
    if (object !== undefined) found.push(object)
  }
  const finished = await runBeside(options, standing, onEvent, (request) =>
    renderSearch(request, options.check, MOST_TAKEN_OUT),
  )
  if (!finished) return []
  return passes ? 'passes' : found
}

function takeOut(options: Search, out: readonly StandingObject[]): Promise<boolean> {
  return runBeside(options, out, () => undefined, renderTakeOut)
}

/** The check tells then what is wrong, until nothing is. */
async function saveThem({ context, claim }: Search, out: readonly StandingObject[]): Promise<void> {
  const serverId = claim.server.id
  for (const { backend, model, keys } of out) {
    const place = { backend: backend.name, serverId, unitId: randomUUID(), actor: null, source: 'broken' }
    await saveAgain(context.store, place, model, [keys])
  }
}
