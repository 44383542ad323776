import { setImmediate as breathe } from 'node:timers/promises'
import type { Change } from '../collector/coalesce.ts'
import type { Decision } from '../collector/decide.ts'
import { type LookContext, look } from '../collector/look.ts'
import type { Placed } from '../collector/placed.ts'
import { toSnapshot } from '../collector/snapshot.ts'
import type { Config } from '../config/config.ts'
import { formatObject } from '../config/key.ts'
import type { Queryable } from '../store/index.ts'
import { countOf, judge, type Verdict } from './judge.ts'
import { type OpenOperation, openOperations } from './open-operations.ts'
import type { NamedKey } from './pages.ts'
import { asStored, type RenderedObject, renderObject } from './rendered.ts'
import { isSelected, type Selection } from './selection.ts'
import { addCounts, type Counts, noCounts } from './sync.ts'

/** Decisions between two moments in which other work of the process gets its turn. */
const DECISIONS_A_BREATH = 100

export interface CompareContext extends LookContext {
  /** Where operations are. */
  db: Queryable
  selection: Selection
  /** The unit of work that asks. */
  unitId: string
}

/** A decision about something that is not as it should be. */
export interface Difference {
  decision: Decision
  verdict: Extract<Verdict, 'waits' | 'differs'>
  placed: Placed | undefined
  /** The object as it will be stored; of a delete, as it was. */
  snapshot: unknown
  /** What it is rendered to now; null for what renders nothing. */
  rendered: RenderedObject | null
}

export interface Compared {
  differences: readonly Difference[]
  /** Objects that were undecided and are decided now: what failed of them before is over. */
  settled: readonly NamedKey[]
  counts: Counts
}

/** Looks at objects as the collector does and leaves out what is already as it should be. Writes nothing. */
export async function compare(objects: readonly NamedKey[], context: CompareContext): Promise<Compared> {
  if (objects.length === 0) return { differences: [], settled: [], counts: noCounts }
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
  const selected = decisions.filter(
    (decision) => isSelected(context.selection, decision) && !isLeaving(decision, placed, context),
  )
  const sifted = await sift(selected, { placed, open, context })
  return {
    ...sifted,
    counts: addCounts(sifted.counts, { waiting: objects.length - known.length }),
  }
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

interface SiftContext {
  placed: ReadonlyMap<string, readonly Placed[]>
  open: ReadonlyMap<string, readonly OpenOperation[]>
  context: CompareContext
}

async function sift(decisions: readonly Decision[], facts: SiftContext): Promise<Compared> {
  const differences: Difference[] = []
  const objects = new Map<string, NamedKey | undefined>()
  let counts = noCounts
  for (const [index, decision] of decisions.entries()) {
    if (index % DECISIONS_A_BREATH === DECISIONS_A_BREATH - 1) await breathe()
    const { difference, verdict } = siftOne(decision, facts)
    const count = countOf(decision, verdict)
    if (count !== undefined) counts = addCounts(counts, { [count]: 1 })
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
  { placed, open, context }: SiftContext,
): { verdict: Verdict; difference?: Difference } {
  const name = formatObject(decision.model, decision.key)
  const { backend, serverId } = decision
  const here = placed.get(name)?.find((one) => one.backend === backend && one.serverId === serverId)
  const snapshot =
    decision.object === null ? decision.snapshot : asStored(toSnapshot(decision.object, context.keyring))
  const render = (one: unknown) => renderSave(decision, one, context)
  const rendered = render(snapshot)
  const verdict = judge({
    decision,
    placed: here,
    open: open.get(name) ?? [],
    revision: rendered === null || rendered.recording.kind === 'failed' ? null : rendered.revision,
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
