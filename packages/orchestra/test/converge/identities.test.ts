import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { objectStatus } from '../../src/placements/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { domainFiles } from './domains.ts'

describeStores('one name on one server', (open) => {
  const build = useWorlds(open)

  const add = (world: World, id: number, domain: string, body: string) =>
    world.store.query('insert into site (id, domain, body) values ($1, $2, $3)', [id, domain, body])

  const remove = (world: World, id: number) => world.store.query('delete from site where id = $1', [id])

  const places = (world: World) =>
    world.store.query(`select object_key, names from orchestra.placement order by object_key`)

  /** What an object is said to wait for. */
  async function waitsFor(world: World, id: number): Promise<string | undefined> {
    const { places } = await objectStatus(world.store, 'site', [String(id)])
    return places[0]?.pending[0]?.waitsFor?.text
  }

  const waits = (world: World, id: number, text: string) =>
    untilWithin(20_000, `site ${id} waits`, async () => (await waitsFor(world, id)) === text)

  const failed = (world: World) =>
    untilWithin(20_000, 'it has failed', async () =>
      (await world.operations()).some(({ outcome }) => outcome === 'failure'),
    )

  it('is the first object’s: the second waits for it, goes without a trace, and follows when the first has gone', async () => {
    const world = await build({ backends: [domainFiles()] })
    await world.work()
    await add(world, 1, 'x.org', 'one')
    await world.calm()
    await add(world, 2, 'x.org', 'two')
    const text = 'it waits for the name "x.org", which site:1 has there or asked for before'
    await waits(world, 2, text)
    await world.store.query(`update site set body = 'changed' where id = 2`)
    await waits(world, 2, text)
    expect(await world.files()).toEqual({ 'x.org': '1 one' })
    await remove(world, 2)
    await world.calm()
    expect(await world.files()).toEqual({ 'x.org': '1 one' })
    expect(await places(world)).toMatchObject([{ object_key: '1' }])
    await add(world, 2, 'x.org', 'two')
    await waits(world, 2, text)
    await remove(world, 1)
    await world.calm()
    expect(await world.files()).toEqual({ 'x.org': '2 two' })
  })

  it('goes to whom asked first, where both are decided at once and where the first fails', async () => {
    const world = await build({ backends: [domainFiles()] })
    await world.store.query(
      `insert into site (id, domain, body) values (1, 'x.org', 'fail'), (2, 'x.org', 'two')`,
    )
    await world.work()
    await failed(world)
    await waits(world, 2, 'it waits for the name "x.org", which site:1 has there or asked for before')
    expect(await world.files()).toEqual({ 'x.org': '1 fail' })
    await world.store.query(`update site set domain = 'y.org' where id = 2`)
    await world.store.query(`update site set body = 'one' where id = 1`)
    await world.calm()
    expect(await world.files()).toEqual({ 'x.org': '1 one', 'y.org': '2 two' })
  })

  const refusing = () =>
    domainFiles({
      save: (script, site) => {
        if (site.body === 'refused') throw new Error('such a site cannot be made')
        script.file(`sites/${site.domain}`, `${site.id} ${site.body}`)
      },
    })

  it('is nobody’s where a row was refused before anything was made, which can be corrected and deleted', async () => {
    const world = await build({ backends: [refusing()] })
    await world.work()
    await add(world, 1, 'x.org', 'refused')
    await failed(world)
    expect(await places(world)).toEqual([{ object_key: '1', names: [] }])
    await remove(world, 1)
    await world.calm()
    expect(await places(world)).toEqual([])
    await add(world, 2, 'x.org', 'refused')
    await untilWithin(20_000, 'it is refused', async () => (await places(world)).length === 1)
    await world.store.query(`update site set domain = 'y.org', body = 'good'`)
    await world.calm()
    expect(await world.files()).toEqual({ 'y.org': '2 good' })
  })

  it('is a stranger’s where something was there before, and the row that wanted it leaves nothing', async () => {
    const world = await build({ backends: [domainFiles()] })
    await world.work()
    await add(world, 1, 'first.org', '')
    await world.calm()
    const theirs = join(world.directory, 'here', 'sites', 'x.org')
    await writeFile(theirs, 'of somebody')
    await add(world, 2, 'x.org', 'two')
    await failed(world)
    expect(await places(world)).toMatchObject([{ object_key: '1' }, { object_key: '2', names: [] }])
    await world.store.query(`update site set domain = 'y.org' where id = 2`)
    await world.calm()
    expect(await world.files()).toEqual({ 'first.org': '1 ', 'x.org': 'of somebody', 'y.org': '2 two' })
    await world.store.query('delete from site')
    await world.calm()
    expect(await readFile(theirs, 'utf8')).toBe('of somebody')
    expect(await places(world)).toEqual([])
  })
})
