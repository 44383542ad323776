import { OrchestraError } from '../errors.ts'

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
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** @throws OrchestraError ORC_USAGE */
export function placeBehind(cursor: string): PlacementPlace {
  const place = parsed(Buffer.from(cursor, 'base64url').toString())
  if (isPlace(place)) return place
  throw new OrchestraError('ORC_USAGE', `${JSON.stringify(cursor)} is not where a list of placements ended`, {
    hint: 'Give what the page before told: `next` in its JSON',
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Postgres takes neither a NUL nor half of a character. */
function isStorable(part: unknown): boolean {
  return typeof part === 'string' && part.isWellFormed() && !part.includes('\0')
}

function isPlace(value: unknown): value is PlacementPlace {
  return Array.isArray(value) && value.length === 4 && value.every(isStorable)
}
