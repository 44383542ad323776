import { expect } from 'vitest'
import { listFindings } from '../../src/inspect/index.ts'
import { boxesOn, type Desired, filesOn, linesOn, readDesired } from './desired.ts'
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
    expect(await linesOf(town, server), `pool on ${server}`).toEqual(linesOn(desired, server))
    verifyTokens(desired, server, found, tokens, spoiled)
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

/** A token that nobody destroyed is the one that was made first, wherever it has been since. */
function verifyTokens(
  desired: Desired,
  server: string,
  found: Readonly<Record<string, string>>,
  tokens: readonly string[],
  spoiled: ReadonlySet<number>,
): void {
  for (const { id, name } of boxesOn(desired, 'data', server)) {
    if (spoiled.has(id)) continue
    const own = tokens.filter((token) => token.startsWith(`${id}-`))
    expect({ id, token: found[`data/${name}/precious`]?.trim() }).toEqual({ id, token: own[0] })
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
