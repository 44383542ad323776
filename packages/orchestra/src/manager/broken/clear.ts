import { randomUUID } from 'node:crypto'
import type { Backend, Timeouts } from '../../config/backend.ts'
import { createLog, createLogWriter, type EndState } from '../../logs/index.ts'
import {
  createOutputParser,
  type Rendered,
  renderSearch,
  renderTakeOut,
  type ScriptEvent,
} from '../../script/index.ts'
import type { SearchScript } from '../../script/search.ts'
import { toTarget } from '../../server/index.ts'
import type { Claim } from '../claim.ts'
import { limitOf, patienceOf } from '../patience.ts'
import { persist } from '../persist.ts'
import type { RunContext } from '../run.ts'
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

interface ClearOptions {
  context: RunContext
  claim: Claim
  /** Whose check failed. */
  backend: Backend
  check: Rendered
}

/**
 * A check fails without the files that it was run for. Finds whose standing files are to blame, and takes these out of service where
 * their backends allow it: the files go, and the objects are saved again until that succeeds.
 */
async function clearBroken(options: ClearOptions): Promise<Cleared> {
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
  await persist(context.signal, () => saveAgain(options, decision.out))
  return (await takeOut(options, decision.out)) ? { kind: 'cleared' } : { kind: 'stays', reason: null }
}

/** The same for the first of several checks that fails. */
export async function clearFirst(
  options: Omit<ClearOptions, 'check'>,
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
  options: ClearOptions,
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

function takeOut(options: ClearOptions, out: readonly StandingObject[]): Promise<boolean> {
  return runBeside(options, out, () => undefined, renderTakeOut)
}

/** Their present rows are saved: the check tells then what is wrong, until nothing is. */
async function saveAgain({ context, claim }: ClearOptions, out: readonly StandingObject[]): Promise<void> {
  for (const { backend, model, keys } of out)
    await context.store.query(
      `with written as (
         insert into orchestra.change (unit_id, actor, source, login, model, action, keys, backend, server_id)
         values ($1, null, 'broken', null, $2, 'save', $3, $4, $5)
       ) select pg_notify('orchestra_change', '')`,
      [randomUUID(), model, JSON.stringify([keys]), backend.name, claim.server.id],
    )
}

/** Runs a script that no operation is in, with a log of its own; whether it came to its end. */
async function runBeside(
  { context, claim, backend, check }: ClearOptions,
  standing: readonly StandingObject[],
  onEvent: (event: ScriptEvent) => void,
  render: (request: Parameters<typeof renderTakeOut>[0]) => SearchScript,
): Promise<boolean> {
  const { store, config, methods, signal } = context
  const timeouts: Timeouts = { ...config.worker.timeouts, ...backend.timeouts }
  const target = toTarget(claim.server)
  if (target.method === 'function') return false
  const runId = randomUUID()
  const patience = patienceOf(timeouts)
  const limit = limitOf(timeouts)
  const script = render({ runId, backend: backend.name, fence: claim.fence, patience, limit, standing })
  const logId = await persist(signal, () =>
    createLog(store, {
      runId,
      serverId: claim.server.id,
      backend: backend.name,
      method: target.method,
      script: script.masked,
      fence: claim.fence,
      attempt: 1,
      operations: [],
    }),
  )
  const secrets = check.secrets.map((secret) => ({ name: secret.name, value: secret.reveal() }))
  const writer = createLogWriter(store, { logId, secrets })
  let finished = false
  let room: void | Promise<void>
  const parser = createOutputParser(script.token, (event) => {
    if (event.kind === 'finished') finished = true
    if (event.kind === 'output') room = writer.write(event.stream, null, event.bytes) ?? room
    onEvent(event)
  })
  await methods.for(target).run(target, {
    runId,
    script: Buffer.from(script.text),
    interpreter: null,
    user: backend.user ?? null,
    timeouts,
    signal,
    onStart: () => writer.started(),
    onOutput: (stream, bytes) => {
      room = undefined
      parser.push(stream, bytes)
      return room
    },
  })
  parser.end()
  const state: EndState = finished ? 'SUCCESS' : 'ERROR'
  await persist(signal, () =>
    writer.finish({ state, error: `looked for what makes this fail: ${check.masked}` }),
  )
  return finished
}
