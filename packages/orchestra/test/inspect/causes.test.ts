import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Grant, type Identity, permissions } from '../../src/access/index.ts'
import { everything } from '../../src/access/scope.ts'
import { type Caused, causeOf } from '../../src/inspect/cause.ts'
import type { RepairBegun } from '../../src/operate/causes.ts'
import { operations } from '../../src/operate/index.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import { type Asker, ask, askerOf } from '../operate/world.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { ended } from './support.ts'

const found = (name: string, differences: Caused['differences'], more: Partial<Caused> = {}): Caused => ({
  backend: 'sites',
  state: 'drifted',
  objectKey: name.slice(-1),
  identity: name,
  differences,
  ...more,
})

/** A file of its own for each, in which the same line was changed further down or further up. */
function edited(name: string, line: string, at: number): Caused {
  const path = `/etc/sites/${name}.conf`
  const hunk = `@@ -${at},2 +${at},2 @@\n server_name ${name};\n-${line}\n+listen 80;\n`
  const diff = `--- ${path}\ton the server\n+++ ${path}\tas it should be\n${hunk}`
  return found(name, [{ title: path, kind: 'content', diff }])
}

describe('the cause of a finding', () => {
  const plain = edited('shop-1', 'listen 81;', 3)

  test('is one for the same change to any number of objects, wherever it stands in their files', () => {
    expect(causeOf(edited('workshop-2', 'listen 81;', 90))).toBe(causeOf(plain))
    const owned = (name: string) =>
      found(name, [{ title: `/srv/${name}`, kind: 'permissions', reason: `has owner ${name}, not root` }])
    expect(causeOf(owned('shop-1'))).toBe(causeOf(owned('b.example/2')))
  })

  test.each<[string, Caused]>([
    ['another change', edited('shop-1', 'listen 82;', 3)],
    ['another backend', { ...plain, backend: 'mail' }],
    ['another state', { ...plain, state: 'unknown' }],
    ['another path', { ...plain, differences: [{ ...plain.differences[0], title: '/etc/other' } as never] }],
    ['one more difference', { ...plain, differences: [...plain.differences, ...plain.differences] }],
  ])('is another with %s', (_, other) => {
    expect(causeOf(other)).not.toBe(causeOf(plain))
  })

  test('is found whatever names hold, also what a pattern would mean something else by', () => {
    const named = (name: string) => found(name, [{ title: `/srv/${name}`, kind: 'missing', reason: 'gone' }])
    expect(causeOf(named('a(b|c)+[$^'))).toBe(causeOf(named('*?\\{}.')))
    expect(causeOf(named('shop'))).not.toBe(
      causeOf(found('shop', [{ title: '/srv/workshop', kind: 'missing', reason: 'gone' }])),
    )
    expect(causeOf(found('', []))).toMatch(/^[0-9a-f]{16}$/)
  })
})

const named = (name: string): AnyVerb => operations.find((one) => one.name === name) as AnyVerb

/** Somebody who may do all of this on some servers. */
function limited(world: World, servers: string[], given: Grant['permissions']): Asker {
  const grants: Grant[] = [{ permissions: given, scope: { ...everything, servers } }]
  const principal: Identity = { kind: 'user', name: 'ana', grants, accountId: 1, by: 1 }
  return { ...askerOf(world), principal }
}

describePostgres('drift by cause', (open) => {
  const build = useWorlds(open)
  let world: World
  const file = (server: string, id: number) => join(world.directory, server, 'sites', String(id))
  const causes = (given: object = {}, asker = askerOf(world)) =>
    ask(named('drift.causes'), given, asker) as Promise<{ causes: { cause: string }[]; next: string | null }>
  const repair = (given: object, asker = askerOf(world)) =>
    ask(named('drift.repair'), given, asker) as Promise<RepairBegun>

  beforeEach(async () => {
    world = await build({ servers: ['web1', 'web2'] })
    await world.work()
    await world.store.query(
      `insert into site select id, 's' || id || '.example', 'same' from generate_series(1, 4) id`,
    )
    await world.calm()
    for (const id of [1, 2, 3]) await appendFile(file('web1', id), 'by hand\n')
    await appendFile(file('web2', 2), 'by hand\n')
    await rm(file('web2', 4))
    await ended(world, 'check')
  }, 120_000)

  test('is told by how often, a page at a time, and repaired as a group or what fits of it', async () => {
    const all = await causes()
    expect(all).toMatchObject({
      causes: [
        {
          backend: 'files',
          state: 'drifted',
          count: 4,
          objects: ['site:1', 'site:2', 'site:3'],
          servers: ['web1', 'web2'],
          serverCount: 2,
          differences: [{ kind: 'content', diff: expect.stringContaining('-') }],
        },
        { state: 'missing', count: 1, objects: ['site:4'], servers: ['web2'] },
      ],
      next: null,
    })
    const first = await causes({ limit: 1 })
    expect(first.causes).toEqual(all.causes.slice(0, 1))
    expect(await causes({ limit: 1, after: first.next })).toEqual({
      causes: all.causes.slice(1),
      next: null,
    })
    expect((await causes({ server: 'web2' })).causes).toMatchObject([{ count: 1 }, { count: 1 }])
    const { cause } = all.causes[0] as { cause: string }
    expect(await repair({ q: 'server:web1 -object:site:1', dryRun: true })).toMatchObject({
      saves: 2,
      objects: ['site:2', 'site:3'],
    })
    const tried = await repair({ cause, server: 'web1', dryRun: true })
    expect(tried).toEqual({
      unit: null,
      findings: 3,
      saves: 3,
      objects: ['site:1', 'site:2', 'site:3'],
      left: 0,
    })
    const before = await readFile(file('web2', 2), 'utf8')
    const { unit, ...done } = await repair({ cause, server: 'web1' })
    expect([done.saves, unit]).toEqual([3, expect.stringMatching(/^[0-9a-f-]{36}$/)])
    await world.calm()
    for (const id of [1, 2, 3]) expect(await readFile(file('web1', id), 'utf8')).not.toContain('by hand')
    expect(await readFile(file('web2', 2), 'utf8')).toBe(before)
    expect((await causes()).causes).toMatchObject([
      { count: 1, servers: ['web2'] },
      { count: 1, servers: ['web2'] },
    ])
    expect(await ask(named('unit.show'), { unit }, askerOf(world))).toMatchObject({
      actor: 'alice',
      state: 'settled',
      operations: [{ server: 'web1' }, { server: 'web1' }, { server: 'web1' }],
    })
    expect(await repair({ cause, server: 'web1' })).toMatchObject({ unit: null, saves: 0 })
  })

  test('writes what the rows say by now, and what is of a finding no more is left alone', async () => {
    const { cause } = (await causes()).causes[0] as { cause: string }
    await world.store.query(`update site set body = 'newer' where id = 1`)
    await world.calm()
    expect(await repair({ cause, dryRun: true })).toMatchObject({ saves: 3, objects: ['site:2', 'site:3'] })
    await world.stopWorkers()
    await world.store.query(`delete from site where id = 2`)
    await repair({ cause })
    await world.work()
    await world.calm()
    expect(Object.keys(await world.files('web1')).toSorted()).toEqual(['1', '3', '4'])
    expect(Object.keys(await world.files('web2')).toSorted()).toEqual(['1', '3'])
  })

  test('is shown and repaired where whoever asks may see and synchronize, and nowhere else', async () => {
    const own = limited(world, ['web2'], new Set(permissions))
    expect((await causes({}, own)).causes).toMatchObject([
      { count: 1, servers: ['web2'] },
      { count: 1, servers: ['web2'] },
    ])
    const { cause } = (await causes()).causes[0] as { cause: string }
    expect(await repair({ cause, dryRun: true }, own)).toMatchObject({ saves: 1, left: 0 })
    expect(await repair({ server: 'web1' }, own)).toMatchObject({
      unit: null,
      saves: 0,
      left: 0,
      objects: [],
    })
    for (const given of [['sync'], ['diff.read']] as const)
      await expect(repair({ cause }, limited(world, ['web2'], new Set(given)))).rejects.toMatchObject({
        code: 'ORC_FORBIDDEN',
      })
    await expect(repair({ dryRun: true })).rejects.toMatchObject({ code: 'ORC_INPUT_INVALID' })
    await expect(repair({ cause: 'no such' })).rejects.toMatchObject({ code: 'ORC_INPUT_INVALID' })
  })

  test('is told of findings whose worker told no cause, as far as they differ to the letter', async () => {
    await world.store.query(`update orchestra.finding set detail = detail - 'cause'`)
    const told = (await causes()).causes
    expect(told).toHaveLength(4)
    await writeFile(file('web2', 2), 'whatever')
    expect(await repair({ cause: told[0]?.cause })).toMatchObject({ saves: 2 })
  })
})
