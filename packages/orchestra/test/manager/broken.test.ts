import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { BackendOptions } from '../../src/config/backend.ts'
import { defineBackend } from '../../src/index.ts'
import { decide } from '../../src/manager/broken/clear.ts'
import type { StandingObject } from '../../src/manager/broken/standing.ts'
import { sh } from '../../src/script/index.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, siteFilesWith, useWorlds, type World } from '../support/world.ts'

/** A daemon that reads everything and does not start while a name in it is one that `down` lists. */
const wouldStart = sh`! grep -rHFf down --exclude-dir='.*' sites conf`

const sites = (onBroken?: BackendOptions<typeof Site.schema, never>['onBroken']) =>
  siteFilesWith({
    prepare: (script) => {
      script.directory('sites')
      script.directory('conf')
    },
    save: (script, { id, domain, body }) => {
      script.file(`sites/${id}`, `${domain} ${body}`, { check: wouldStart })
      script.reload('daemon', { command: sh`echo reload >>reloads` })
    },
    ...(onBroken === undefined ? {} : { onBroken }),
  })

const whole = defineBackend({
  name: 'whole',
  model: Site,
  sync(script, objects) {
    script.directory('sites')
    script.directory('conf')
    script.file(
      'conf/all',
      objects.map(({ id, body }) => `${id} ${body}\n`),
      { check: wouldStart },
    )
  },
})

describeStores('a standing file that breaks a check', (open) => {
  const build = useWorlds(open)

  const down = (world: World, ...names: string[]) =>
    writeFile(join(world.directory, 'here/down'), names.map((name) => `${name}\n`).join(''))

  const begin = async (world: World) => {
    await down(world)
    await world.work()
    await world.store.query(
      `insert into site (id, domain, body) select n, 'name-' || n || '.org', 'x' from generate_series(1, 8) n`,
    )
    await world.calm()
  }

  const last = async (world: World, key: string) =>
    (await world.operations()).filter((one) => one.object_key === key).at(-1)

  it('is taken out of service, and the others pass; it comes back when it breaks nothing any more', async () => {
    const world = await build({ backends: [sites()] })
    await begin(world)
    await down(world, 'name-3.org')
    await world.store.query(`update site set body = 'new' where id in (1, 5)`)
    await until('the others are done', async () => {
      const files = await world.files()
      return files['1'] === 'name-1.org new' && files['5'] === 'name-5.org new' && files['3'] === undefined
    })
    await until('it has failed', async () => (await last(world, '3'))?.outcome === 'failure')
    expect((await last(world, '3'))?.error).toContain('sites/3:name-3.org x')
    expect(await last(world, '1')).toMatchObject({ outcome: 'success', attempt: 1 })
    await down(world)
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
  })

  it('stays where its backend keeps it, and the others say whose it is', async () => {
    const world = await build({ backends: [sites('keep')] })
    await begin(world)
    await down(world, 'name-3.org')
    await world.store.query(`update site set body = 'new' where id = 1`)
    await until('it has failed', async () => (await last(world, '1'))?.outcome === 'failure')
    expect((await last(world, '1'))?.error).toContain('to blame is site:3 (name-3.org) of files')
    expect((await world.files())['3']).toBe('name-3.org x')
  })

  it('changes nothing where it is nobody of ours', async () => {
    const world = await build({ backends: [sites()] })
    await begin(world)
    const before = await world.files()
    await mkdir(join(world.directory, 'here/conf'), { recursive: true })
    await writeFile(join(world.directory, 'here/conf/theirs'), 'name-3.org and theirs.org')
    await down(world, 'theirs.org')
    await world.store.query(`update site set body = 'new' where id = 1`)
    await until('it has failed', async () => (await last(world, '1'))?.outcome === 'failure')
    expect((await last(world, '1'))?.error).toContain('conf/theirs:name-3.org and theirs.org')
    expect(await world.files()).toEqual(before)
  })

  it('does not keep a backend that writes whole configurations from its change either', async () => {
    const world = await build({ backends: [sites(), whole] })
    await begin(world)
    await down(world, 'name-3.org')
    await world.store.query(`update site set body = 'new' where id = 1`)
    await until('both are done', async () => {
      const done = (await world.operations()).filter(
        (one) => one.object_key === '1' && one.outcome === 'success',
      )
      return done.length === 4
    })
    expect((await world.files())['3']).toBeUndefined()
  })
})

it('many standing files that break a check are no fault of theirs', () => {
  const found = Array.from({ length: 6 }, (_, n): StandingObject => {
    return { backend: sites(), model: 'site', keys: [String(n)], title: `site:${n}`, paths: [] }
  })
  expect(decide(found)).toMatchObject({ kind: 'stays', reason: expect.stringContaining('too many') })
  expect(decide(found.slice(1))).toMatchObject({ kind: 'out', out: { length: 5 } })
})
