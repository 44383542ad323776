import { endpoints } from '../packages/orchestra/src/http/endpoints/index.ts'
import type { Known } from './api-seed.ts'
import { percentile } from './measure.ts'

/** Something that is asked for again and again. */
export interface Request {
  /** As the table of endpoints has it. */
  name: string
  path: string
}

/** Filters of a list, and pages behind the first, ask otherwise than the list alone. */
const variants: Readonly<Record<string, readonly string[]>> = {
  '/logs': ['?server=server7', '?limit=200'],
  '/objects': ['?q=server:server7', '?q=is:failing', '?limit=200'],
  '/placements': ['?server=server7', '?backend=backend7', '?object=page:20', '?state=failed', '?limit=200'],
  '/units': ['?actor=user7', '?limit=200'],
  '/audit': ['?by=user7', '?target=server7', '?limit=200'],
  '/logs/{log}/lines': ['?tail=200'],
}

/** What somebody has to look for. */
const needed: Readonly<Record<string, string>> = {
  '/search': '?q=server7',
  '/logs/{log}/search': '?q=output',
}

/** The first looks into files and environment of the process too: not what a page asks for. The others are told to their asker alone. */
const apart: ReadonlySet<string> = new Set([
  '/doctor',
  '/requests/{request}',
  '/bulk/{bulk}',
  '/bulk/{bulk}/items',
])

/** Every list and detail of the table, so that none is forgotten. */
export function requestsFor(known: Known): Request[] {
  return endpoints
    .filter(({ method, kind, path }) => method === 'GET' && kind !== 'stream' && !apart.has(path))
    .flatMap(({ path }) =>
      [needed[path] ?? '', ...(variants[path] ?? [])].map((query) => ({
        name: `${path}${query}`,
        path: fill(`${path}${query}`, known),
      })),
    )
}

/** How somebody finds the end of a log that is too big to be read. */
export function tailOf({ bigLog }: Known): Request {
  return { name: 'tail', path: `/logs/${bigLog}/lines?tail=200` }
}

function fill(path: string, known: Known): string {
  const values: Record<string, string | number> = { ...known, id: known.sync, model: 'page' }
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? 'none'))
}

export interface Answered {
  name: string
  /** Milliseconds, of which 95 in 100 take less. */
  p95: number
  status: number
}

/** Asks one after the other, each of them so often; the first time warms up. */
export async function ask(base: string, token: string, request: Request, turns: number): Promise<Answered> {
  const taken: number[] = []
  let status = 0
  for (let turn = 0; turn <= turns; turn++) {
    const start = performance.now()
    const response = await fetch(`${base}${request.path}`, { headers: { authorization: `Bearer ${token}` } })
    await response.arrayBuffer()
    if (turn > 0) taken.push(performance.now() - start)
    status = response.status
  }
  return { name: request.name, p95: percentile(taken, 0.95), status }
}
