import { fromSnapshot, isHollow } from '../collector/index.ts'
import { standingOf } from '../recording/ownership.ts'
import { markOf } from '../script/inspect.ts'
import { quote } from '../script/sh.ts'
import type { Queryable } from '../store/index.ts'
import type { Keyring } from '../store/keyring.ts'
import type { Inspected } from './ask.ts'
import { causeOf } from './cause.ts'
import { isOfFunctions, type Unanswered } from './examine.ts'
import type { Inspection } from './inspection.ts'
import { presentOf } from './presence.ts'
import { askMarks, list } from './strays.ts'

/** Objects that were never made and are asked about: a route that was never enabled may hold any number. */
const MOST_ASKED = 2_000

/** An object that is to be made, in whose place something stands that is not ours. */
interface Wanted {
  model: string
  object_key: string
  identity: string
  snapshot: unknown
}

export interface InTheWay {
  kind: 'found'
  objects: readonly Omit<Wanted, 'snapshot'>[]
}

/** What is to be made on a server and is there already without our mark: its operation fails, or will when it may run. */
export async function findInTheWay(
  db: Queryable & { keyring: Keyring },
  inspected: Inspected,
  inspection: Inspection,
): Promise<InTheWay | Unanswered> {
  const wanted = isOfFunctions(inspected) ? [] : await neverMade(db, inspection)
  if (wanted.length === 0) return { kind: 'found', objects: [] }
  const standings = wanted.map(({ model, object_key, identity, snapshot }) => {
    const object = fromSnapshot(snapshot, db.keyring.for(model, object_key)) as Record<string, unknown>
    return standingOf(inspected.backend, { identity, object })
  })
  const listed = await listedOf(inspected, new Set(wanted.map(({ identity }) => identity)))
  if ('kind' in listed) return listed
  const present = await presentOf(inspected, standings, listed)
  if ('kind' in present) return present
  const there = wanted.filter((_, index) => present[index] === true)
  const marks = await askMarks(
    inspected,
    there.map(({ identity }) => identity),
  )
  if ('kind' in marks) return marks
  const objects = there
    .filter(({ identity }) => !marks.has(markOf(identity)))
    .map(({ snapshot: _, ...rest }) => rest)
  return { kind: 'found', objects }
}

/** What was never tried, or was refused before anything of it ran. */
function neverMade(db: Queryable, { serverId, backend, model, objectKey }: Inspection): Promise<Wanted[]> {
  return db.query<Wanted>(
    `select model, object_key, identity, snapshot from orchestra.placement
     where server_id = $1 and backend = $2 and state in ('pending', 'failed') and applied_at is null and names = '[]'
       and not ${isHollow('placement')} and unmarked is not true and snapshot <> 'null'
       and ($3::text is null or model = $3) and ($4::text is null or key_hash = md5($4)::uuid)
     order by model, key_hash limit ${MOST_ASKED}`,
    [serverId, backend, model, objectKey],
  )
}

async function listedOf(
  inspected: Inspected,
  identities: ReadonlySet<string>,
): Promise<ReadonlySet<string> | Unanswered> {
  const found = new Set<string>()
  const onFound = (identity: string) => {
    if (identities.has(identity)) found.add(identity)
  }
  const end = await list(inspected, { onFound })
  return end.kind === 'listed' ? found : end
}

/** Notes them as findings of their objects, over those of the look before. Runs inside a transaction. */
export async function recordInTheWay(
  tx: Queryable,
  { id, serverId, backend }: Inspection,
  { server, objects }: { server: string; objects: InTheWay['objects'] },
): Promise<void> {
  if (objects.length === 0) return
  const found = objects.map((one) => {
    const command = `orchestra adopt --backend ${backend} --server ${server} ${quote(`${one.model}:${one.object_key}`)}`
    const reason = `is there already and is not ours, so nothing of it is changed; it is taken over with: ${command}`
    const differences = [{ title: one.identity, kind: 'unowned' as const, reason }]
    const cause = causeOf({ ...one, backend, state: 'unowned', objectKey: one.object_key, differences })
    return { ...one, differences, cause }
  })
  await tx.query(
    `insert into orchestra.finding as f (inspection_id, server_id, backend, model, object_key, identity, state, detail)
     select $1, $2, $3, model, object_key, identity, 'unowned',
       jsonb_build_object('differences', differences, 'cause', cause, 'since', now())
     from jsonb_to_recordset($4::jsonb)
       as found(model text, object_key text, identity text, differences jsonb, cause text)
     on conflict (server_id, backend, md5(identity), coalesce(model, ''), md5(coalesce(object_key, ''))) do update set
       inspection_id = excluded.inspection_id, state = excluded.state, found_at = now(), detail = excluded.detail`,
    [id, serverId, backend, JSON.stringify(found)],
  )
}
