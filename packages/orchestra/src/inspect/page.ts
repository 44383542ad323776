import { setImmediate } from 'node:timers/promises'
import { fromSnapshot } from '../collector/index.ts'
import type { Backend } from '../config/backend.ts'
import { messageOf, OrchestraError } from '../errors.ts'
import { type Recording, recordOperation } from '../script/index.ts'
import type { Questions } from '../script/inspect.ts'
import type { Queryable } from '../store/index.ts'
import type { Keyring } from '../store/keyring.ts'
import { questionsAbout } from './examine.ts'
import { type Expectation, expectationOf } from './expect.ts'
import type { Inspection, InspectionCursor } from './inspection.ts'

const MOST_OBJECTS = 2_000
const LEAST_OBJECTS = 50
/** Of a page's files together: what is held at once, and once more for the page that is made ready meanwhile. */
const MOST_CONTENT = 8 * 1024 * 1024
/** A guard costs some processes on the server, where a file costs none. */
const MOST_COMMANDS = 300
/** Objects that are rendered without letting anything else happen. */
const AT_A_STRETCH = 200

/** A placement as an inspection needs it. */
export interface PlacedObject {
  model: string
  object_key: string
  key_hash: string
  identity: string
  snapshot: unknown
  /** Its backend renders it otherwise now than when it was applied. */
  stale: boolean
  /** As Postgres writes it, to the microsecond. */
  applied_at: string
}

/** Objects that are looked at together. */
export interface InspectionPage {
  objects: readonly Omit<PlacedObject, 'snapshot'>[]
  expectations: readonly Expectation[]
  questions: Questions
  /** Where the next page begins; null after the last. */
  next: Extract<InspectionCursor, { phase: 'placements' }> | null
  /** How many objects the next page may have. */
  nextSize: number
}

export const FIRST_SIZE = 500

/** Reads a page of placements and renders what their server should look like. */
export async function readPage(
  db: Queryable & { keyring: Keyring },
  backend: Backend,
  inspection: Inspection,
  cursor: InspectionCursor | null,
  size: number,
): Promise<InspectionPage> {
  const rows = await placementsAfter(db, inspection, cursor, size)
  const expectations: Expectation[] = []
  for (const row of rows) {
    if (expectations.length % AT_A_STRETCH === AT_A_STRETCH - 1) await setImmediate()
    expectations.push(expectationOf(recordPlaced(backend, row, db.keyring)))
  }
  const last = rows.at(-1)
  const isLast = last === undefined || rows.length < size
  return {
    objects: rows.map(({ snapshot: _, ...row }) => row),
    expectations,
    questions: questionsAbout(expectations),
    next: isLast ? null : { phase: 'placements', model: last.model, keyHash: last.key_hash },
    nextSize: sizeAfter(expectations),
  }
}

/** What the backend's `save` asks for, for an object as it was applied. */
function recordPlaced(backend: Backend, row: PlacedObject, keyring: Keyring): Recording {
  const label = `save ${row.model}:${row.object_key}`
  try {
    const seal = keyring.for(row.model, row.object_key)
    return recordOperation(backend, 'save', fromSnapshot(row.snapshot, seal) as never, label)
  } catch (error) {
    return {
      kind: 'failed',
      error: new OrchestraError('ORC_BACKEND_THREW', `${label}: ${messageOf(error)}`, { cause: error }),
    }
  }
}

/** Pages are as large as their objects are small. Pure. */
function sizeAfter(expectations: readonly Expectation[]): number {
  if (expectations.length === 0) return MOST_OBJECTS
  const content = sum(expectations.flatMap(({ places }) => places.map(contentOf))) / expectations.length
  const runs = sum(expectations.map((expectation) => expectation.runs.length)) / expectations.length
  const fitting = Math.min(MOST_CONTENT / Math.max(content, 1), MOST_COMMANDS / Math.max(runs, 0.01))
  return Math.max(LEAST_OBJECTS, Math.min(MOST_OBJECTS, Math.floor(fitting)))
}

function contentOf(place: Expectation['places'][number]): number {
  return place.path.length + (place.kind === 'file' ? (place.content?.masked.length ?? 0) : 0)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function placementsAfter(
  db: Queryable,
  { serverId, backend, model, objectKey }: Inspection,
  cursor: InspectionCursor | null,
  size: number,
): Promise<PlacedObject[]> {
  const after = cursor?.phase === 'placements' ? cursor : { model: '', keyHash: nil }
  return db.query<PlacedObject>(
    `select model, object_key, key_hash, identity, snapshot, stale, applied_at::text as applied_at
     from orchestra.placement
     where server_id = $1 and backend = $2 and (model, key_hash) > ($3, $4::uuid) and state = 'applied'
       and ($5::text is null or model = $5) and ($6::text is null or key_hash = md5($6)::uuid)
     order by model, key_hash limit $7`,
    [serverId, backend, after.model, after.keyHash, model, objectKey, size],
  )
}

const nil = '00000000-0000-0000-0000-000000000000'
