import { OrchestraError } from '../errors.ts'
import { readCursor, writeCursor } from '../query/index.ts'

/** What the order of placements goes by. */
export type PlacementPlace = [model: string, objectKey: string, backend: string, server: string]

/** Where a list goes on behind a placement, for a command line: whatever a key holds, a shell reads nothing in it. */
export function cursorOf({
  object,
  backend,
  server,
}: Record<'object' | 'backend' | 'server', string>): string {
  const colon = object.indexOf(':')
  const place: PlacementPlace = [object.slice(0, colon), object.slice(colon + 1), backend, server]
  return writeCursor(place)
}

/** @throws OrchestraError ORC_USAGE */
export function placeBehind(cursor: string): PlacementPlace {
  const place = readCursor(cursor, 4)
  if (place !== undefined) return place as PlacementPlace
  throw new OrchestraError('ORC_USAGE', `${JSON.stringify(cursor)} is not where a list of placements ended`, {
    hint: 'Give what the page before told: `next` in its JSON',
  })
}
