import type { Backend } from '../../config/backend.ts'
import type { Config } from '../../config/config.ts'
import { formatObject } from '../../config/key.ts'
import type { Key } from '../../config/model.ts'
import { recordOne } from '../../recording/scripts.ts'
import type { Rendered } from '../../script/index.ts'
import type { Queryable } from '../../store/index.ts'
import type { Keyring } from '../../store/keyring.ts'

const PLACEMENTS_A_PAGE = 1_000

/** An object that stands on a server with files that a check reads. */
export interface StandingObject {
  backend: Backend
  model: string
  keys: Key
  /** `site:12 (a.org)`. */
  title: string
  paths: readonly string[]
}

interface Row {
  backend: string
  model: string
  object_key: string
  keys: Key
  identity: string
  snapshot: unknown
  key_hash: string
}

/**
 * What stands on a server of all backends that ask for this check, as what was placed last tells it: also where it was placed by an
 * earlier release.
 */
export async function standingObjects(
  db: Queryable,
  config: Config,
  keyring: Keyring,
  { serverId, user, check }: { serverId: number; user: string | undefined; check: Rendered },
): Promise<StandingObject[]> {
  const backends = [...config.backends.values()].filter(
    (backend) => backend.save !== undefined && backend.interpreter === undefined && backend.user === user,
  )
  const standing: StandingObject[] = []
  for (const backend of backends)
    for await (const page of pagesOf(db, serverId, backend))
      standing.push(...page.flatMap((row) => asStanding(backend, row, keyring, check)))
  return standing
}

async function* pagesOf(db: Queryable, serverId: number, backend: Backend): AsyncGenerator<Row[]> {
  for (let after: [string, string] = ['', '']; ; ) {
    const page = await db.query<Row>(PAGE, [serverId, backend.name, ...after])
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    after = [last.model, last.key_hash]
  }
}

const PAGE = `
select backend, model, object_key, keys, identity, snapshot, key_hash::text as key_hash from orchestra.placement
where server_id = $1 and backend = $2 and applied_at is not null and snapshot is not null
  and (model, key_hash::text) > ($3, $4)
order by model, key_hash::text limit ${PLACEMENTS_A_PAGE}`

function asStanding(backend: Backend, row: Row, keyring: Keyring, check: Rendered): StandingObject[] {
  const operation = { ...row, id: 0, action: 'save', previous: [] }
  const { lasting } = recordOne(backend, operation, 0, keyring)
  if (lasting.kind === 'failed') return []
  const paths = lasting.steps.flatMap((step) =>
    step.kind === 'file' && step.check?.reveal() === check.reveal() ? [step.path] : [],
  )
  if (paths.length === 0) return []
  const { model, keys, identity } = row
  return [
    { backend, model, keys, title: `${formatObject(model, keys)} (${identity})`, paths: [...new Set(paths)] },
  ]
}
