import type { Queryable } from '../store/index.ts'
import type { PlaceKey } from './stored.ts'

/** What a place is called in a map. */
export function placeName({ model, object_key: key, backend, server_id: serverId }: PlaceKey): string {
  return JSON.stringify([model, key, backend, serverId])
}

/** What stands in places as it was placed, by `placeName`. */
export async function snapshotsOf(db: Queryable, places: readonly PlaceKey[]): Promise<Map<string, unknown>> {
  if (places.length === 0) return new Map()
  const rows = await db.query<PlaceKey & { snapshot: unknown }>(
    `select p.model, p.object_key, p.backend, p.server_id, p.snapshot
     from jsonb_to_recordset($1::jsonb) as a(model text, object_key text, backend text, server_id int)
     join orchestra.placement p on p.key_hash = md5(a.object_key)::uuid and p.model = a.model and p.backend = a.backend
       and p.server_id = a.server_id`,
    [
      JSON.stringify(
        places.map(({ model, object_key, backend, server_id }) => ({
          model,
          object_key,
          backend,
          server_id,
        })),
      ),
    ],
  )
  return new Map(rows.map((row) => [placeName(row), row.snapshot]))
}
