import { subjectOf } from '../operate/index.ts'
import type { Endpoint } from './endpoint.ts'
import { etagOf } from './etag.ts'
import { RequestFault } from './problem.ts'

/** The tag of something that people change: its version, which `If-Match` is compared with, and what tells this answer from every other. */
export function versionTag(version: string, body: string): string {
  return `"${version}.${etagOf(body).slice(1, -1)}"`
}

/**
 * The versions that whoever asks takes for the present one; undefined where any will do. A condition that cannot be looked at is not
 * passed over.
 * @throws RequestFault
 */
export function expectedVersions(
  { method, verb }: Pick<Endpoint, 'method' | 'verb'>,
  input: unknown,
  header: string | undefined,
): string[] | undefined {
  if (header === undefined || header.trim() === '*' || method === 'GET') return undefined
  if (subjectOf(verb.name, input) === undefined)
    throw new RequestFault([
      { pointer: '/header/If-Match', detail: 'names a version, and what is changed here has none' },
    ])
  const tags = header.split(',').map((tag) => /^"([0-9a-f]{1,64})(?:\.[\w-]*)?"$/.exec(tag.trim())?.[1])
  return tags.filter((tag) => tag !== undefined)
}
