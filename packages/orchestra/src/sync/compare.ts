import { setImmediate as breathe } from 'node:timers/promises'
import { withDepartures } from '../collector/decide.ts'
import type { Decision } from '../collector/decision.ts'
import { type LookContext, look } from '../collector/look.ts'
import type { Placed } from '../collector/placed.ts'
import { toSnapshot } from '../collector/snapshot.ts'
import type { Config } from '../config/config.ts'
import { formatKey, formatObject } from '../config/key.ts'
import { isSelected, type Selection } from '../request/selection.ts'
import { addCounts, type Counts, noCounts } from '../request/sync.ts'
import type { Change } from '../source/index.ts'
import type { Queryable } from '../store/index.ts'
import { countOf, type Judgement, judge } from './judge.ts'
import { type OpenOperation, openOperations } from './open-operations.ts'
import type { NamedKey } from './pages.ts'
import { asStored, type RenderedObject, renderObject } from './rendered.ts'

/** Objects that are read together: those of the next portion are on their way while these are judged. */
const PORTION = 250
/** Decisions between two moments in which other work of the process gets its turn. */
const DECISIONS_A_BREATH = 100

export interface CompareContext extends LookContext {
  /** Where operations are. */
  db: Queryable
  selection: Selection
  /** The unit of work that asks. */
  unitId: string
  /** Backends that other workers compare. */
  foreign?: readonly string[]
}

/** A decision about something that is not as it should be. */
export interface Discrepancy {
  decision: Decision
  verdict: Extract<Judgement, 'waits' | 'differs'>
  placed: Placed | undefined
  /** The object as it will be stored; of a delete, as it was. */
  snapshot: unknown
  /** What it is rendered to now; null for what renders nothing. */
  rendered: RenderedObject | null
}

export interface Compared {
  differences: readonly Discrepancy[]
  /** Objects that were undecided and are decided now: what failed of them before is over. */
  settled: readonly NamedKey[]
  counts: Counts
}

/** Looks at objects as the collector does and leaves out what is already as it should be. Writes nothing. */
export async function compare(objects: readonly NamedKey[], context: CompareContext): Promise<Compared> {
  let all: Compared = { differences: [], settled: [], counts: noCounts }
  let ready = objects.length === 0 ? undefined : gather(objects.slice(0, PORTION), context)
  for (let at = PORTION; ready !== undefined; at += PORTION) {
    const gathered = await ready
    ready = at < objects.length ? gather(objects.slice(at, at + PORTION), context) : undefined
    // It is awaited in the next turn, which does not come if this one throws.
    ready?.catch(() => undefined)
    all = join(all, await sift(gathered))
  }
  return all
}

function join(one: Compared, other: Compared): Compared {
  return {
    differences: [...one.differences, ...other.differences],
    settled: [...one.settled, ...other.settled],
    counts: addCounts(one.counts, other.counts),
  }
}

/** What is known of a portion of the objects, and what the collector would do about them. */
interface Gathered {
  decisions: readonly Decision[]
  placed: ReadonlyMap<string, readonly Placed[]>
  open: ReadonlyMap<string, readonly OpenOperation[]>
  /** Objects that nothing is decided about, because an operation on them waits. */
  waiting: number
  context: CompareContext
}

async function gather(objects: readonly NamedKey[], context: CompareContext): Promise<Gathered> {
  // Read first: what ends meanwhile only makes its object be recorded once more than it had to be.
  const open = await openOperations(context.db, objects)
  const known = objects.filter((one) => !isInHands(one, open, context))
  let placed: ReadonlyMap<string, readonly Placed[]> = new Map()
  const decisions = await look(toChanges(known, context.unitId), {
    ...context,
    placements: async (asked) => {
      const found = await context.placements(asked)
      placed = found
      return found
    },
  })
  const isOn = (decision: Decision) => (serverId: number) =>
    placed.get(nameOf(decision))?.some((one) => one.serverId === serverId) === true
  const selected = decisions.filter(
    (decision) => isSelected(context.selection, decision, isOn(decision)) && !isForeign(decision, context),
  )
  const asked = withDepartures(decisions, selected).filter((one) => !isLeaving(one, placed, context))
  return { decisions: asked, placed, open, waiting: objects.length - known.length, context }
}

function nameOf({ model, key }: NamedKey): string {
  return formatObject(model, key)
}

function isForeign({ backend }: Decision, { foreign = [] }: CompareContext): boolean {
  return backend !== null && foreign.includes(backend)
}

/** What no table holds is as it was last given: the operation that waits knows better than what was placed before it. */
function isInHands(
  { model, key }: NamedKey,
  open: ReadonlyMap<string, readonly OpenOperation[]>,
  { config }: CompareContext,
): boolean {
  return isUntabled(model, config) && open.has(formatObject(model, key))
}

/** What no table holds and was to be deleted is not asked for any more, even if nobody deletes it. */
function isLeaving(
  { model, key }: Decision,
  placed: ReadonlyMap<string, readonly Placed[]>,
  { config }: CompareContext,
): boolean {
  const isDeleting = placed.get(formatObject(model, key))?.some((one) => one.state === 'deleting') === true
  return isDeleting && isUntabled(model, config)
}

function isUntabled(model: string, config: Config): boolean {
  return config.models.get(model)?.table === null
}

function toChanges(objects: readonly NamedKey[], unitId: string): Change[] {
  return [...Map.groupBy(objects, (one) => one.model)].map(([model, own]) => ({
    unitId,
    model,
    action: 'save',
    keys: own.map((one) => one.key),
    payload: null,
    scope: null,
  }))
}

/** Something of it failed before a server was known, or waits for a disabled route. */
function hasUndecided(open: readonly OpenOperation[] | undefined): boolean {
  return open?.some((one) => one.serverId === null || one.held) === true
}

async function sift(facts: Gathered): Promise<Compared> {
  const differences: Discrepancy[] = []
  const objects = new Map<string, NamedKey | undefined>()
  const counts: Counts = { ...noCounts, waiting: facts.waiting }
  for (const [index, decision] of facts.decisions.entries()) {
    if (index % DECISIONS_A_BREATH === DECISIONS_A_BREATH - 1) await breathe()
    const { difference, verdict } = siftOne(decision, facts)
    const count = countOf(decision, verdict)
    if (count !== undefined) counts[count]++
    if (difference !== undefined) differences.push(difference)
    const name = formatObject(decision.model, decision.key)
    if (!hasUndecided(facts.open.get(name))) continue
    const isSettled = verdict !== 'waits' && (!objects.has(name) || objects.get(name) !== undefined)
    objects.set(name, isSettled ? { model: decision.model, key: decision.key } : undefined)
  }
  return { differences, counts, settled: [...objects.values()].filter((one) => one !== undefined) }
}

function siftOne(
  decision: Decision,
  { placed, open, context }: Gathered,
): { verdict: Judgement; difference?: Discrepancy } {
  const name = formatObject(decision.model, decision.key)
  const { backend, serverId } = decision
  const here = placed.get(name)?.find((one) => one.backend === backend && one.serverId === serverId)
  const snapshot =
    decision.object === null
      ? decision.snapshot
      : asStored(toSnapshot(decision.object, context.keyring.for(decision.model, formatKey(decision.key))))
  const render = (one: unknown) => renderSave(decision, one, context)
  const rendered = render(snapshot)
  const verdict = judge({
    decision,
    placed: here,
    open: open.get(name) ?? [],
    revision: rendered === null || rendered.recording.kind === 'failed' ? null : rendered.revision,
    formerRevisions: rendered?.formerRevisions ?? [],
    revisionOf: (operation) => {
      const waiting = render(operation.snapshot)
      return waiting === null || waiting.recording.kind === 'failed' ? null : waiting.revision
    },
  })
  if (verdict !== 'waits' && verdict !== 'differs') return { verdict }
  return { verdict, difference: { decision, verdict, placed: here, snapshot, rendered } }
}

function renderSave(decision: Decision, snapshot: unknown, context: CompareContext): RenderedObject | null {
  const backend = decision.backend === null ? undefined : context.config.backends.get(decision.backend)
  if (backend === undefined || decision.action !== 'save' || decision.object === null) return null
  return renderObject(backend, { ...decision, snapshot }, context.keyring)
}
