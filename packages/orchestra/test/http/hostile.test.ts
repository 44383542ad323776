import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type Endpoint, nameOf } from '../../src/http/endpoint.ts'
import { endpoints } from '../../src/http/endpoints/index.ts'
import { adoptable, livedIn } from '../operate/world.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { type Api, below, useApis } from './api.ts'

/** What somebody may send who means no good, or whose program is broken. */
const texts = (mark: string): string[] => [
  '',
  ' ',
  'a'.repeat(10_000),
  `site:${'9'.repeat(3_000)}`,
  `'; drop schema orchestra cascade; --`,
  '"\\',
  `$(touch ${mark})`,
  'a\nb',
  'a\u0000b',
  'site:\u0000',
  '\u001b[2J',
  'ünïcödé ☃ 😀 \u202e',
  '../../../etc/passwd',
  '%s%n',
  'site:1,2,3',
  ':',
  '3:9',
  '3:9:',
  '00000000',
  '-1',
  '1e400',
  '99999999999999999999',
  '2147483648',
  '9007199254740993',
  'true',
  'null',
  Buffer.from('["\\u0000","","",""]').toString('base64url'),
  Buffer.from('[null]').toString('base64url'),
  Buffer.from('[1e400,"a"]').toString('base64url'),
]

const values: unknown[] = [0, -1, 1.5, 2 ** 53, true, null, {}, [], ['a\u0000b'], 'half \ud800 of a pair']

/** A sound value of every parameter in a path. */
const sound: Readonly<Record<string, string>> = {
  server: 'here',
  route: '1',
  object: 'site:1',
  unit: '0000',
  log: '1',
  id: '1',
  user: 'admin',
  role: 'viewer',
  binding: '1',
  token: 'ci',
  session: '1',
  request: '1',
  incident: '1',
  channel: 'ops',
  hook: 'shop',
  delivery: '1',
  schedule: 'nightly',
}

interface Request {
  url: string
  body?: unknown
}

/** Requests of an endpoint from which one field after the other is spoilt. */
function spoilt({ path, params, query, body }: Endpoint, mark: string): Request[] {
  const fill = (given: Readonly<Record<string, string>>) =>
    below(path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given[name] ?? '')))
  const url = fill(sound)
  const inPath = Object.keys(params.shape).flatMap((name) =>
    texts(mark).map((text) => ({ url: fill({ ...sound, [name]: text }) })),
  )
  // What is deleted once could not be asked for again.
  const dry = (name: string) => ('dryRun' in query.shape && name !== 'dryRun' ? 'dryRun=true&' : '')
  const inQuery = [...Object.keys(query.shape), 'noSuchParameter', '__proto__'].flatMap((name) => [
    ...texts(mark).map((text) => ({ url: `${url}?${dry(name)}${name}=${encodeURIComponent(text)}` })),
    { url: `${url}?${dry(name)}${name}=1&${name}=2` },
    { url: `${url}?${dry(name)}${name}` },
    { url: `${url}?${dry(name)}${name}=%ff%fe%00` },
  ])
  const inBody = [...Object.keys(body.shape), 'noSuchField'].flatMap((name) =>
    [...texts(mark), ...values].map((value) => ({ url, body: { dryRun: true, [name]: value } })),
  )
  return [...inPath, ...inQuery, ...inBody, ...values.map((value) => ({ url, body: value }))]
}

/** What is wrong with how a request was taken; undefined where it was done, or refused as it should be. */
async function faultOf(api: Api, { method }: Endpoint, { url, body }: Request): Promise<string | undefined> {
  const sent = method === 'GET' || method === 'DELETE' || body === undefined
  const payload = sent
    ? {}
    : { payload: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await api.ask({ method, url, ...payload })
  if (response.statusCode < 400) return undefined
  if (!response.headers['content-type']?.toString().startsWith('application/problem+json'))
    return `${response.statusCode} of ${response.headers['content-type']}`
  const { code, status, hint, requestId, errors } = response.json()
  if (status >= 500 && code !== 'ORC_KEY_ABSENT') return `${status} ${response.body.slice(0, 300)}`
  if (status !== response.statusCode || typeof requestId !== 'string') return `says ${response.body}`
  if (code === 'ORC_INPUT_INVALID' && errors.length === 0) return `no pointer: ${response.body.slice(0, 300)}`
  if (response.body.length > 20_000) return `${code} of ${response.body.length} characters`
  return hint === null ? `${code} without a hint` : undefined
}

describeStores('hostile requests', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  let world: World
  beforeEach(async () => {
    world = await livedIn(await build(adoptable))
  }, 120_000)

  test('are done or refused by every endpoint, with a code, a hint and a place', {
    timeout: 600_000,
  }, async () => {
    const api = apiOf(world)
    const mark = join(world.directory, 'touched')
    const faults: Record<string, string> = {}
    // A stream that is understood does not end by itself.
    for (const endpoint of endpoints.filter(({ kind }) => kind !== 'stream'))
      for (const request of spoilt(endpoint, mark)) {
        const fault = await faultOf(api, endpoint, request)
        if (fault !== undefined)
          faults[`${nameOf(endpoint)} ${JSON.stringify(request).slice(0, 200)}`] = fault
      }
    expect(faults).toEqual({})
    expect(api.troubles).toEqual([])
    expect(existsSync(mark)).toBe(false)
    expect((await api.ask(below('/servers'))).json().items).toHaveLength(1)
  })
})
