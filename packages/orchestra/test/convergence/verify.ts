import { expect } from 'vitest'
import { listFindings } from '../../src/inspect/index.ts'
import { boxesOn, type Desired, filesOn, linesOn, readDesired } from './desired.ts'
import { spoils } from './disk.ts'
import { servers } from './steps.ts'
import type { Town } from './town.ts'

/** Everything stands as the database and its routes ask for, and nothing else does. */
export async function verifyHosts(town: Town, spoiled: ReadonlySet<number>): Promise<void> {
  const desired = await readDesired(town.world.store)
  const tokens = await town.tokens()
  for (const server of servers) {
    const found = await filesOf(town, server)
    const wanted = { ...filesOn(desired, server), ...Object.fromEntries(town.disks[server]?.strangers ?? []) }
    const lasting = Object.entries(found).filter(([path]) => path in wanted || !isLeft(desired, server, path))
    expect(
      Object.fromEntries(lasting.map(([path, content]) => [path, masked(path, content)])),
      `files on ${server}`,
    ).toEqual(wanted)
    await verifyLines(town, server, linesOn(desired, server))
    verifyTokens(boxesOn(desired, 'data', server), found, await firstOf(town, tokens), spoiled)
  }
}

async function filesOf(town: Town, server: string): Promise<Record<string, string>> {
  const files = (await town.disks[server]?.files()) ?? {}
  const { reloads: _, 'pool/all': __, ...rest } = files
  return rest
}

async function linesOf(town: Town, server: string): Promise<string[]> {
  const files = (await town.disks[server]?.files()) ?? {}
  return (files['pool/all'] ?? '').split('\n').filter(Boolean).sort()
}

/** As long as somebody is to be in the file it is compared and written again; of what was given up nobody writes it for the last. */
async function verifyLines(town: Town, server: string, wanted: readonly string[]): Promise<void> {
  const found = await linesOf(town, server)
  const mayStay = (line: string) =>
    spoils.some((one) => one === line) || town.givenUp.has(Number(line.split(' ')[1]))
  const isNobodys = wanted.length === 0 && town.givenUp.size > 0
  const lasting = isNobodys ? found.filter((line) => !mayStay(line)) : found
  expect(lasting, `pool on ${server}`).toEqual(wanted)
}

/** Of a token only whose it is can be told beforehand. */
function masked(path: string, content: string): string {
  return path.endsWith('/precious') ? content.slice(0, content.indexOf('-') + 1) : content
}

/** What a policy keeps, and shows. */
function isLeft({ left }: Desired, server: string, path: string): boolean {
  return left.some((one) => {
    const own = `${one.backend}/${one.identity}`
    return one.server === server && (path === own || path.startsWith(`${own}/`))
  })
}

/**
 * Tokens of each box that count as its first, by its number: of copies that were begun before any of them was recorded, whichever was
 * decided first may be made last.
 */
async function firstOf(town: Town, tokens: readonly string[]): Promise<ReadonlyMap<number, string[]>> {
  const scripts = await town.world.store.query<{ id: number; server: string; atFirst: boolean }>(
    FIRST_SCRIPTS,
  )
  const isAtFirst = (id: number, token: string) =>
    scripts.some((one) => one.id === id && one.atFirst && token.startsWith(`${id}-${one.server}-`))
  return new Map(
    [...Map.groupBy(tokens, (token) => Number(token.split('-')[0]))].map(([id, own]) => [
      id,
      own.filter((token, at) => at === 0 || isAtFirst(id, token)),
    ]),
  )
}

const FIRST_SCRIPTS = `
select o.object_key::int as id, s.name as server,
  min(l.created_at) <= min(min(l.ended_at)) over (partition by o.object_key) as "atFirst"
from orchestra.operation o join orchestra.log_operation p on p.operation_id = o.id join orchestra.log l on l.id = p.log_id
join orchestra.server s on s.id = o.server_id
where o.backend = 'data' and o.action = 'save' group by o.object_key, s.name`

/** A token that nobody destroyed is one that was made first, wherever it has been since. */
function verifyTokens(
  boxes: readonly { id: number; name: string }[],
  found: Readonly<Record<string, string>>,
  first: ReadonlyMap<number, readonly string[]>,
  spoiled: ReadonlySet<number>,
): void {
  for (const { id, name } of boxes) {
    if (spoiled.has(id)) continue
    const token = found[`data/${name}/precious`]?.trim() ?? ''
    expect(first.get(id) ?? [], `tokens of box ${id}, which has ${token}`).toContain(token)
  }
}

/** Nobody waits, nothing failed, and placements tell what stands. */
export async function verifyPlacements(town: Town): Promise<void> {
  const { store } = town.world
  const desired = await readDesired(store)
  const placed = await store.query<{ backend: string; server: string; key: string; identity: string }>(
    `select p.backend, s.name as server, p.object_key as key, p.identity from orchestra.placement p
     join orchestra.server s on s.id = p.server_id where p.state = 'applied'`,
  )
  const wanted = servers.flatMap((server) =>
    ['conf', 'kept', 'data', 'pool'].flatMap((backend) =>
      boxesOn(desired, backend, server).map((box) => `${backend} ${server} ${box.id} ${box.name}`),
    ),
  )
  const standing = placed.map(
    ({ backend, server, key, identity }) => `${backend} ${server} ${key} ${identity}`,
  )
  expect(standing.sort()).toEqual(wanted.sort())
  expect(
    await store.query(
      `select backend, object_key, state, identity from orchestra.placement where state not in ('applied', 'kept')`,
    ),
  ).toEqual([])
}

/** A check agrees, and doing it all again does nothing. */
export async function verifyRest(town: Town): Promise<void> {
  const before = await printsOf(town)
  const check = await town.sync('check')
  expect({ state: check.state, error: check.error }).toEqual({ state: 'done', error: null })
  const findings = await listFindings(town.world.store)
  expect(findings.filter((one) => one.state !== 'unowned')).toEqual([])
  const again = await town.sync()
  expect({ state: again.state, error: again.error }).toEqual({ state: 'done', error: null })
  expect(again.counts).toMatchObject({ created: 0, updated: 0, renamed: 0, moved: 0, deleted: 0, invalid: 0 })
  expect(again.work).toMatchObject({ done: 0, waiting: 0 })
  expect(await printsOf(town)).toEqual(before)
}

async function printsOf(town: Town): Promise<Record<string, Record<string, string>>> {
  const prints = await Promise.all(
    servers.map(async (name) => [name, await town.disks[name]?.prints()] as const),
  )
  return Object.fromEntries(prints.map(([name, print]) => [name, print ?? {}]))
}
