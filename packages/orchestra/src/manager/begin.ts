import type { Previous } from '../collector/index.ts'
import type { Config } from '../config/config.ts'
import {
  type Deed,
  openTransfers,
  type PlaceRow,
  removePlaces,
  type Written,
  writePlaces,
} from '../places/index.ts'
import { often, type Queryable, send } from '../store/index.ts'
import { type Position, readCandidates } from './candidates.ts'
import { type Begun, type Choice, choose, type Kept, type Look } from './choose.ts'
import { protectedNow } from './protected.ts'

/** How much is begun, and of what. */
export interface Beginning {
  backends: readonly string[]
  /** Places at most, but for backends that write whole configurations. */
  most: number
  /** Makes an object of a snapshot. */
  open(row: PlaceRow, snapshot: unknown): unknown
}

/** What was begun on a server, or is to be asked there first. */
export interface BegunWork {
  places: ClaimedPlace[]
  /** Backends that are to write whole configurations; what is begun of them stays in the store, however much it is. */
  wholes: Map<string, Set<'save' | 'delete'>>
  looks: readonly Look[]
  /** Operations that are to be handed back first. */
  lost: readonly number[]
}

/** Begins what is due on a server: what each place is at is written before anything of it is sent. Its lane is locked. */
export async function beginWork(
  tx: Queryable,
  serverId: number,
  config: Config,
  beginning: Beginning,
): Promise<BegunWork> {
  const work: BegunWork = { places: [], wholes: new Map(), looks: [], lost: [] }
  const isWhole = (backend: string) => config.backends.get(backend)?.sync !== undefined
  let page = await beginPage(tx, serverId, config, beginning)
  const { looks, lost } = page
  if (looks.length + lost.length > 0) return { ...work, looks, lost }
  work.places.push(...page.places.filter(({ row }) => !isWhole(row.backend)))
  note(work, page, isWhole)
  // A whole is written once with all that has changed, and not once for each page of it.
  const backends = [...work.wholes.keys()]
  while (page.next !== null && backends.length > 0) {
    page = await beginPage(tx, serverId, config, { ...beginning, backends }, page.next)
    note(work, page, isWhole)
  }
  return work
}

function note({ wholes }: BegunWork, { places }: BegunPage, isWhole: (backend: string) => boolean): void {
  for (const { row, step } of places) {
    if (!isWhole(row.backend)) continue
    const actions = wholes.get(row.backend) ?? new Set()
    wholes.set(row.backend, actions.add(step.do === 'remove' ? 'delete' : 'save'))
  }
}

interface BegunPage {
  places: ClaimedPlace[]
  looks: readonly Look[]
  lost: readonly number[]
  next: Position | null
}

async function beginPage(
  tx: Queryable,
  serverId: number,
  config: Config,
  { backends, most, open }: Beginning,
  after?: Position,
): Promise<BegunPage> {
  const sought = { serverId, backends, most, ...(after === undefined ? {} : { after }) }
  const candidates = await readCandidates(tx, sought, config)
  const { due, members, next, lost } = candidates
  if (due.length === 0) return { places: [], looks: [], lost, next: null }
  await protectedNow(tx, [...due, ...members], config, open)
  const choice = choose(candidates, config, Date.now())
  if (choice.looks.length > 0) return { places: [], looks: choice.looks, lost, next: null }
  const operations = await readOperations(tx, choice.begun)
  await write(tx, choice, operations)
  const places = choice.begun.flatMap(({ row, step }) => {
    const operation = operations.get(row.operation_id ?? 0)
    return operation === undefined ? [] : [{ row, step, operation }]
  })
  return { places, looks: [], lost, next }
}

/** A place whose step was begun, and its operation. */
export interface ClaimedPlace extends Begun {
  operation: StoredOperation
}

export interface StoredOperation {
  id: number
  unit_id: string
  snapshot: unknown
  attempt: number
  /** What stands there, as it was placed. */
  placed: unknown
}

async function readOperations(tx: Queryable, begun: readonly Begun[]): Promise<Map<number, StoredOperation>> {
  if (begun.length === 0) return new Map()
  const rows = await tx.query<StoredOperation>(often(BEGUN), [
    JSON.stringify(
      begun.map(({ row }) => ({
        id: row.operation_id,
        model: row.model,
        object_key: row.object_key,
        backend: row.backend,
        server_id: row.server_id,
      })),
    ),
  ])
  return new Map(rows.map((row) => [row.id, row]))
}

const BEGUN = `
update orchestra.operation o set state = 'running', started_at = clock_timestamp(), attempt = o.attempt + 1
from jsonb_to_recordset($1::jsonb) as b(id bigint, model text, object_key text, backend text, server_id int)
join orchestra.placement p on p.key_hash = md5(b.object_key)::uuid and p.model = b.model and p.backend = b.backend
  and p.server_id = b.server_id
where o.id = b.id
returning o.id, o.unit_id, o.snapshot, o.attempt, p.snapshot as placed`

/** A name that something is about to get keeps the object that it gets it with. */
async function write(
  tx: Queryable,
  { written, gone, kept, departures }: Choice,
  operations: ReadonlyMap<number, StoredOperation>,
): Promise<void> {
  const rows = [...written.values()].map(({ row, ...rest }): Written => {
    const operation = operations.get(row.trying?.operation ?? 0)
    const step = row.trying?.step
    const parks = step?.do === 'park'
    const snapshot = parks ? operation?.placed : operation?.snapshot
    const identity = parks ? step.identity : row.want_identity
    const names = row.names.map((name) =>
      step?.do !== 'remove' &&
      name.identity === identity &&
      name.identity !== row.identity &&
      snapshot !== undefined
        ? { ...name, snapshot }
        : name,
    )
    return { row: { ...row, names }, ...rest }
  })
  await writePlaces(tx, rows)
  await removePlaces(tx, gone)
  await endKept(tx, kept)
  await openTransfers(tx, departures)
}

async function endKept(tx: Queryable, kept: readonly Kept[]): Promise<void> {
  if (kept.length === 0) return
  await send(
    tx,
    `update orchestra.operation o set state = 'done', outcome = 'nothing', error = k.reason, ended_at = clock_timestamp(), snapshot = null
     from jsonb_to_recordset($1::jsonb) as k(operation bigint, reason text) where o.id = k.operation and o.state = 'waiting'`,
    [JSON.stringify(kept)],
  )
}

/** Other names under which it stands there, with the object as it was under each; of a removal, all but the first. */
export function previousOf({ row, step, operation }: ClaimedPlace): Previous[] {
  const names =
    step.do === 'rename' || step.do === 'park' ? step.from : step.do === 'remove' ? step.names : []
  return names
    .filter((identity) => step.do !== 'remove' || identity !== mainName(row, step))
    .flatMap((identity): Previous[] => {
      const name = row.names.find((one) => one.identity === identity)
      const snapshot = identity === row.identity ? operation.placed : name?.snapshot
      const unmarked = identity === row.identity ? row.unmarked : name?.unmarked === true
      return snapshot === null || snapshot === undefined ? [] : [{ identity, snapshot, unmarked }]
    })
}

/** Under which a removal finds its object. */
export function mainName(row: PlaceRow, step: Extract<Deed, { do: 'remove' }>): string {
  return step.names.includes(row.identity) ? row.identity : (step.names[0] ?? row.identity)
}
