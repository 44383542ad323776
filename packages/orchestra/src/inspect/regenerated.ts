import { objectsApplied } from '../recording/regenerated-objects.ts'
import { renderedFiles } from '../recording/rendered-files.ts'
import { recordSync } from '../script/index.ts'
import type { Queryable, Store } from '../store/index.ts'
import type { Inspected } from './ask.ts'
import { examine, type Unanswered } from './examine.ts'
import { type Expectation, type ExpectedPlace, expectationOf } from './expect.ts'
import { addFindings, type NamelessFinding, oneOfEach } from './findings.ts'
import type { Inspection, InspectionCounts } from './inspection.ts'
import { repairObjects } from './repair.ts'

/** What a look at a backend that writes all its objects together found. */
export interface FoundFiles {
  kind: 'examined'
  findings: readonly NamelessFinding[]
  owed: number
}

/** Compares the files of a regenerating backend, each as a whole, with what today's objects make of them. */
export async function examineFiles(
  store: Store,
  inspected: Inspected,
  serverId: number,
): Promise<FoundFiles | Unanswered> {
  const expectations = (await expectedOf(store, inspected, serverId)).flatMap(oneByOne)
  const examined = await examine(inspected, expectations)
  if (examined.kind !== 'examined') return examined
  const findings = examined.verdicts.flatMap((verdict): NamelessFinding[] =>
    verdict.state === 'in-sync'
      ? []
      : [{ ...verdict, identity: verdict.differences[0]?.title ?? inspected.backend.name }],
  )
  return { kind: 'examined', findings: oneOfEach(findings), owed: examined.owed.length }
}

/** Streamed contents are known by their digests alone. */
async function expectedOf(
  store: Store,
  { backend }: Inspected,
  serverId: number,
): Promise<readonly Expectation[]> {
  const { name, sync } = backend
  if (sync === undefined) return []
  const objects = objectsApplied(store, store.keyring, { serverId, backend: name, model: backend.model.name })
  const recording = recordSync({ name, sync }, objects)
  const expectation = expectationOf(recording)
  const known = new Set(expectation.places.map(({ path }) => path))
  const streamed: ExpectedPlace[] = []
  for await (const { size: _, ...file } of renderedFiles(backend, objects))
    if (!known.has(file.path)) streamed.push({ ...file, kind: 'file', content: null })
  return [{ ...expectation, places: [...expectation.places, ...streamed] }]
}

/** Each path and command by itself: what differs is named by it. */
function oneByOne({ places, runs, unknown }: Expectation): Expectation[] {
  const nothing = { places: [], runs: [], unknown: [] }
  return [
    ...places.map((place) => ({ ...nothing, places: [place] })),
    ...runs.map((run) => ({ ...nothing, runs: [run] })),
    ...unknown.map((one) => ({ ...nothing, unknown: [one] })),
  ]
}

/** Writes down what was found of files; answers the counts. Runs inside a transaction. */
export async function recordFiles(
  tx: Queryable,
  inspection: Inspection,
  found: FoundFiles,
  repairs: boolean,
): Promise<InspectionCounts> {
  const { findings, owed } = found
  await addFindings(tx, inspection, findings)
  const countOf = (state: string) => findings.filter((one) => one.state === state).length
  const [drifted, missing, unknown] = [countOf('drifted'), countOf('missing'), countOf('unknown')]
  const [placed] = await tx.query<{
    total: number
    keys: readonly string[]
    model: string
    object_key: string
  }>(
    `select count(*) over () as total, keys, model, object_key from orchestra.placement
     where server_id = $1 and backend = $2 and state = 'applied' limit 1`,
    [inspection.serverId, inspection.backend],
  )
  const counts = { inSync: findings.length === 0 ? (placed?.total ?? 0) : 0, drifted, missing, unknown, owed }
  if (!repairs || drifted + missing === 0 || placed === undefined) return counts
  // Any one of its objects makes the whole be written again.
  const { keys, model, object_key: objectKey } = placed
  await repairObjects(tx, inspection, [{ keys, model, objectKey, state: 'drifted' }])
  return { ...counts, repaired: drifted + missing }
}
