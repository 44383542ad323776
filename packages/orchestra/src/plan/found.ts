import type { Decision } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import { formatKey, formatObject } from '../config/key.ts'
import type { Stored } from '../places/index.ts'
import { type Description, describeSteps } from '../script/index.ts'
import type { Queryable } from '../store/index.ts'
import { type Discrepancy, isRemoval, type SyncSelector } from '../sync/index.ts'
import { diffRendered } from './difference.ts'
import { HELD, type Plan, type Want } from './plan.ts'
import { type SavedOperation, toSavedOperation } from './saved.ts'
import { type Entry, intendedPlaces } from './steps.ts'
import { sameObject } from './waiting.ts'

export interface PlanRequest {
  selector: SyncSelector
  /** Whether the scripts are rendered too. */
  scripts: boolean
  /** Of how many objects the differences are shown at most. */
  differences: number
  /** How many objects of one backend on one server may go; default the usual bound. */
  allowDeletes?: number | undefined
}

/** Gathers what a plan shows. */
export class Found {
  readonly operations: Entry[] = []
  readonly removals: Want[] = []
  readonly failures: Plan['failures'] = []
  /** What a file keeps of it. */
  readonly saved: SavedOperation[] = []
  readonly #places = new Map<string, Entry>()
  readonly #servers: ReadonlyMap<number, string>
  readonly #request: PlanRequest
  readonly #config: Config

  constructor(servers: ReadonlyMap<number, string>, request: PlanRequest, config: Config) {
    this.#servers = servers
    this.#request = request
    this.#config = config
  }

  async take(db: Queryable, differences: readonly Discrepancy[]): Promise<void> {
    const room = this.#request.differences - this.operations.length
    const shown = differences.slice(0, Math.max(0, room))
    const applied = await renderedOf(db, shown)
    const due = differences.filter(({ verdict }) => verdict === 'differs').map(({ decision }) => decision)
    const intended = await intendedPlaces(db, due, this.#config)
    for (const [index, difference] of differences.entries()) {
      const { decision } = difference
      if (decision.fate.kind === 'failed') this.#fail(decision, decision.fate.reason)
      else {
        const stored = difference.verdict === 'differs' ? intended.get(decision) : difference.placed
        this.#add(difference, stored, index < shown.length ? applied : undefined)
      }
    }
  }

  /** Why an operation waits that is there already is known better than what it is about. */
  takeWaiting(operations: readonly Entry[]): void {
    for (const operation of operations) {
      const known = this.#places.get(sameObject(operation))
      if (known === undefined) this.operations.push(operation)
      else {
        known.waitsFor = operation.waitsFor ?? known.waitsFor
        known.obstacle = operation.obstacle
      }
    }
  }

  takeFailures(failures: Plan['failures']): void {
    const known = new Set(this.failures.map(({ object, reason }) => `${object} ${reason}`))
    this.failures.push(...failures.filter(({ object, reason }) => !known.has(`${object} ${reason}`)))
  }

  #fail({ model, key }: Decision, reason: string): void {
    this.failures.push({ object: formatObject(model, key), reason })
  }

  #add(
    difference: Discrepancy,
    stored: Stored | undefined,
    applied: ReadonlyMap<string, readonly Description[] | null> | undefined,
  ): void {
    const entry = this.#toEntry(difference, stored, applied)
    if (entry === undefined) return
    this.operations.push(entry)
    this.saved.push(toSavedOperation(difference, this.#servers))
    this.#places.set(sameObject(entry), entry)
    if (isRemoval(difference) && difference.verdict === 'differs')
      this.removals.push(wantOf(difference.decision, this.#servers))
  }

  #toEntry(
    { decision, snapshot, rendered, placed }: Discrepancy,
    stored: Stored | undefined,
    applied: ReadonlyMap<string, readonly Description[] | null> | undefined,
  ): Entry | undefined {
    const { backend, serverId, model, key, fate } = decision
    if (backend === null || serverId === null) return undefined
    const name = placeName(decision)
    // What was never applied differs from nothing at all.
    const before = placed?.applied === true ? (applied?.get(name) ?? null) : []
    return {
      id: -this.operations.length - 1,
      kind: decision.kind,
      backend,
      serverId,
      action: decision.action,
      model,
      object_key: formatKey(key),
      keys: key,
      identity: decision.identity,
      stored,
      previous: [],
      previousIdentity: null,
      snapshot,
      revision: rendered?.revision ?? null,
      differences:
        rendered === null || applied === undefined
          ? null
          : diffRendered(before, describeSteps(rendered.recording)),
      does: fate.kind === 'kept' ? 'keep' : fate.kind === 'nothing' ? 'forget' : 'run',
      waitsFor: fate.kind === 'held' ? HELD : 'reason' in fate ? fate.reason : null,
      obstacle: null,
    }
  }
}

/** What somebody wants to be done in one place, by name. */
export function wantOf(
  { model, key, backend, serverId }: Decision,
  servers: ReadonlyMap<number, string>,
): Want {
  return {
    object: formatObject(model, key),
    backend: backend ?? '',
    serverId: serverId ?? 0,
    server: servers.get(serverId ?? 0) ?? `server ${serverId}`,
  }
}

/** What was rendered when these were applied last, by place. */
async function renderedOf(
  db: Queryable,
  differences: readonly Discrepancy[],
): Promise<Map<string, readonly Description[] | null>> {
  const asked = differences
    .filter((one) => one.rendered !== null && one.placed?.applied === true)
    .map(({ decision: { model, key, backend, serverId } }) => ({
      model,
      object_key: formatKey(key),
      backend,
      server_id: serverId,
    }))
  if (asked.length === 0) return new Map()
  const rows = await db.query<{ name: string; rendered: Description[] | null }>(
    `select p.backend || ' ' || p.server_id || ' ' || p.model || ':' || p.object_key as name, p.rendered
     from jsonb_to_recordset($1::jsonb) as asked(model text, object_key text, backend text, server_id int)
     join orchestra.placement p on p.key_hash = md5(asked.object_key)::uuid and p.model = asked.model
       and p.backend = asked.backend and p.server_id = asked.server_id`,
    [JSON.stringify(asked)],
  )
  return new Map(rows.map(({ name, rendered }) => [name, rendered]))
}

function placeName({ backend, serverId, model, key }: Decision): string {
  return `${backend} ${serverId} ${formatObject(model, key)}`
}
