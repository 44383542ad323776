import type { Backend } from '../config/backend.ts'
import type { Config } from '../config/config.ts'
import { messageOf } from '../errors.ts'
import { isTransient } from '../logs/index.ts'
import type { Methods } from '../methods/index.ts'
import { delayAfter } from '../operations/backoff.ts'
import { type HeldLane, isOwned, type ServerRow, toTarget } from '../server/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import { lockSync } from '../sync/index.ts'
import { AskingAhead } from './ahead.ts'
import type { Inspected } from './ask.ts'
import { isOfFunctions, type Unanswered } from './examine.ts'
import { clearFindings, recordPage } from './findings.ts'
import { findInTheWay, recordInTheWay } from './in-the-way.ts'
import {
  endInspection,
  type Inspection,
  type InspectionCounts,
  type InspectionCursor,
  nextInspection,
  postponeInspection,
  startInspection,
} from './inspection.ts'
import { FIRST_SIZE, type InspectionPage, readPage } from './page.ts'
import { examineFiles, recordFiles } from './regenerated.ts'
import { repairObjects, repairs } from './repair.ts'
import { recordStrays } from './stray-findings.ts'
import { findStrays } from './strays.ts'

/** An inspection that broke off so often has failed. */
const MOST_TRIES = 5

export interface InspectorContext {
  store: Store
  config: Config
  methods: Methods
  /** Ends the look at the server. */
  signal: AbortSignal
  /** Backends that other workers look at. */
  foreign?: readonly string[]
  /** Whether the next page is likely to be looked at at once. */
  asksAhead: boolean
}

/** A lane that this worker holds, and its server. */
interface InspectedLane extends HeldLane {
  server: ServerRow
}

/** What came of one step. */
export type InspectionStep =
  | { kind: 'looked' }
  /** Nothing is to be looked at. */
  | { kind: 'idle' }
  | Exclude<Unanswered, { kind: 'broken' }>

/** Looks at one server, a page at a time; the next page is rendered while the server answers. */
export class Inspector {
  readonly #ahead = new AskingAhead()
  #size = FIRST_SIZE
  /** The inspection whose objects the size fits. */
  #sized: number | null = null

  /** Looks at one page of the oldest inspection of the claimed lane, and writes down what it found. */
  async step(context: InspectorContext, lane: InspectedLane): Promise<InspectionStep> {
    const inspection = await nextInspection(context.store, lane.server.id, context.foreign)
    if (inspection === undefined) return { kind: 'idle' }
    try {
      const end = await this.#look(context, lane, inspection)
      if (end.kind !== 'broken') return end
      await postpone(context, inspection, end.reason)
    } catch (error) {
      if (isTransient(error)) throw error
      await postpone(context, inspection, messageOf(error))
    }
    return { kind: 'looked' }
  }

  /** Ends what the server is being asked in advance. To be called before a script runs there, and at the end. */
  async forget(): Promise<void> {
    await this.#ahead.forget()
  }

  async #look(
    context: InspectorContext,
    lane: InspectedLane,
    inspection: Inspection,
  ): Promise<Unanswered | { kind: 'looked' }> {
    const { store, config, methods, signal } = context
    const backend = config.backends.get(inspection.backend)
    if (backend === undefined) {
      const reason = `no backend "${inspection.backend}" is defined in this configuration`
      await store.transaction((tx) => endInspection(tx, inspection, 'failed', reason))
      return { kind: 'looked' }
    }
    if (inspection.startedAt === null) await startInspection(store, inspection)
    const target = toTarget(lane.server)
    const noting = { store, serverId: lane.server.id }
    const inspected = { config, methods, target, backend, fence: lane.fence, signal, noting }
    if (backend.sync !== undefined) return lookAtFiles(store, lane, inspection, inspected)
    if (inspection.cursor?.phase === 'wanted') return lookForWanted(store, lane, inspection, inspected)
    if (inspection.cursor?.phase === 'found') return lookForStrays(store, lane, inspection, inspected)
    return this.#lookAtPage(context, lane, inspection, inspected)
  }

  async #lookAtPage(
    { store, asksAhead }: InspectorContext,
    lane: InspectedLane,
    inspection: Inspection,
    inspected: Inspected,
  ): Promise<Unanswered | { kind: 'looked' }> {
    const { backend } = inspected
    if (this.#sized !== inspection.id) this.#size = FIRST_SIZE
    this.#sized = inspection.id
    const asked = await this.#ahead.take(inspection, inspected, () =>
      this.#read(store, inspection, backend, inspection.cursor),
    )
    const page = await asked.page
    this.#size = page.nextSize
    const next = asksAhead &&
      page.next !== null && { cursor: page.next, page: this.#read(store, inspection, backend, page.next) }
    const examined = await asked.examined
    if (examined.kind !== 'examined') return examined
    if (next !== false) this.#ahead.ask(inspection, next.cursor, next.page, inspected)
    return store.transaction(async (tx) => {
      if (!(await isOwned(tx, lane))) return { kind: 'fenced' }
      const { found, counts } = await recordPage(tx, inspection, page, examined.verdicts)
      const repaired = repairs(inspection, backend) ? await repairObjects(tx, inspection, found) : 0
      const cursor = page.next ?? { phase: 'wanted' as const }
      const sums = { ...addCounts(inspection.counts, { ...counts, repaired }), owed: examined.owed.length }
      await advance(tx, inspection, cursor, page.objects.length, sums)
      return { kind: 'looked' }
    })
  }

  #read(
    store: Store,
    inspection: Inspection,
    backend: Backend,
    cursor: InspectionCursor | null,
  ): Promise<InspectionPage> {
    const page = readPage(store, backend, inspection, cursor, this.#size)
    page.catch(() => undefined)
    return page
  }
}

/** What is made of all objects together is looked at together. */
async function lookAtFiles(
  store: Store,
  lane: InspectedLane,
  inspection: Inspection,
  inspected: Inspected,
): Promise<Unanswered | { kind: 'looked' }> {
  const total = await countApplied(store, inspection)
  const found = total === 0 ? null : await examineFiles(store, inspected, lane.server.id)
  if (found !== null && found.kind !== 'examined') return found
  return store.transaction(async (tx) => {
    if (!(await isOwned(tx, lane))) return { kind: 'fenced' }
    await lockSync(tx, inspection.syncId)
    const counts =
      found === null ? {} : await recordFiles(tx, inspection, found, repairs(inspection, inspected.backend))
    await advance(tx, inspection, null, total, counts)
    await finish(tx, inspection)
    return { kind: 'looked' }
  })
}

async function countApplied(db: Queryable, { serverId, backend }: Inspection): Promise<number> {
  const [row] = await db.query<{ total: number }>(
    `select count(*) as total from orchestra.placement where server_id = $1 and backend = $2 and state = 'applied'`,
    [serverId, backend],
  )
  return row?.total ?? 0
}

async function lookForWanted(
  store: Store,
  lane: InspectedLane,
  inspection: Inspection,
  inspected: Inspected,
): Promise<Unanswered | { kind: 'looked' }> {
  const found = await findInTheWay(store, inspected, inspection)
  if (found.kind !== 'found') return found
  const { objects } = found
  return store.transaction(async (tx) => {
    if (!(await isOwned(tx, lane))) return { kind: 'fenced' }
    await recordInTheWay(tx, inspection, { server: lane.server.name, objects })
    const cursor = cursorBehind(inspection, inspected)
    if (cursor === null) await lockSync(tx, inspection.syncId)
    await advance(tx, inspection, cursor, 0, { ...inspection.counts, inTheWay: objects.length })
    if (cursor === null) await finish(tx, inspection)
    return { kind: 'looked' }
  })
}

async function lookForStrays(
  store: Store,
  lane: InspectedLane,
  inspection: Inspection,
  inspected: Inspected,
): Promise<Unanswered | { kind: 'looked' }> {
  const strays = await findStrays(store, inspected, lane.server.id)
  if (strays.kind !== 'found') return strays
  return store.transaction(async (tx) => {
    if (!(await isOwned(tx, lane))) return { kind: 'fenced' }
    await lockSync(tx, inspection.syncId)
    await recordStrays(tx, inspection, inspected.backend, strays)
    return { kind: 'looked' }
  })
}

/** Where to go on behind all objects; null when everything has been looked at. */
function cursorBehind(inspection: Inspection, inspected: Inspected): InspectionCursor | null {
  const lists = inspected.backend.list !== undefined && !isOfFunctions(inspected)
  return lists && inspection.objectKey === null ? { phase: 'found' } : null
}

async function advance(
  tx: Queryable,
  { id }: Inspection,
  cursor: InspectionCursor | null,
  seen: number,
  counts: InspectionCounts,
): Promise<void> {
  await tx.query(
    `update orchestra.inspection set cursor = $2, seen = seen + $3, counts = $4, attempt = 0, error = null,
       moved_at = clock_timestamp() where id = $1`,
    [id, JSON.stringify(cursor), seen, JSON.stringify(counts)],
  )
}

async function finish(tx: Queryable, inspection: Inspection): Promise<void> {
  await clearFindings(tx, inspection)
  await endInspection(tx, inspection, 'done')
}

async function postpone(
  { store, config }: InspectorContext,
  inspection: Inspection,
  reason: string,
): Promise<void> {
  const { attempt } = inspection
  if (attempt + 1 >= MOST_TRIES)
    return store.transaction((tx) => endInspection(tx, inspection, 'failed', reason))
  const delay = delayAfter(attempt + 1, config.worker.backoff.operation)
  return postponeInspection(store, inspection, reason, delay)
}

/** The sums of two counts. Pure. */
export function addCounts(one: InspectionCounts, other: InspectionCounts): InspectionCounts {
  const sums = { ...one }
  for (const [name, count] of Object.entries(other) as [keyof InspectionCounts, number][])
    sums[name] = (sums[name] ?? 0) + count
  return sums
}
