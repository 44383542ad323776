import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Backend } from '../../src/index.ts'
import { objectStatus } from '../../src/placements/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { domainFiles, domainHomes } from './domains.ts'

/** The name that each of the three gets: those of the next two, so that they go round. */
const round = `case domain when 'a.org' then 'b.org' when 'b.org' then 'c.org' else 'a.org' end`

describeStores('names that go round', (open) => {
  const build = useWorlds(open)

  /** Three sites by the names of a, b and c, each with its own number in it. */
  async function three(backend: Backend): Promise<World> {
    const world = await build({ backends: [backend] })
    await world.work()
    await world.store.query(`insert into site (id, domain) values (1, 'a.org'), (2, 'b.org'), (3, 'c.org')`)
    await world.calm()
    return world
  }

  const renamed = async (world: World, domain: string, where = 'true') => {
    await world.store.query(`update site set domain = ${domain} where ${where}`)
  }

  const swapped = `case id when 1 then 'b.org' when 2 then 'a.org' else 'c.org' end`

  /** By its name, whose data each home has. */
  async function homes(world: World): Promise<Record<string, string>> {
    const directory = join(world.directory, 'here', 'homes')
    const found: Record<string, string> = {}
    for (const name of (await readdir(directory)).filter((one) => !one.startsWith('.'))) {
      // It may be on its way to another name between the list and the look.
      const data = await readFile(join(directory, name, 'data'), 'utf8').catch(() => undefined)
      if (data !== undefined) found[name] = data
    }
    return found
  }

  async function threeHomes(backend: Backend): Promise<World> {
    const world = await three(backend)
    for (const [name, data] of [
      ['a.org', '1'],
      ['b.org', '2'],
      ['c.org', '3'],
    ] as const)
      await writeFile(join(world.directory, 'here', 'homes', name, 'data'), data)
    return world
  }

  const parking = () => domainHomes({ park: (site) => ({ ...site, domain: `parked-${site.id}` }) })

  const names = (world: World) =>
    world.store.query(
      `select object_key, (select jsonb_agg(n ->> 'identity') from jsonb_array_elements(names) n) as names
       from orchestra.placement order by object_key`,
    )

  it('are replaced in one script: a swap, and three in one statement', async () => {
    const world = await three(domainFiles())
    await renamed(world, swapped)
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '2 ', 'b.org': '1 ', 'c.org': '3 ' })
    await renamed(world, round)
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '3 ', 'b.org': '2 ', 'c.org': '1 ' })
  })

  it('are replaced where they went over a third name, in one look and one by one', async () => {
    const world = await three(domainFiles())
    const over = async (wait: () => Promise<unknown>) => {
      for (const [id, domain] of [
        [1, 't.org'],
        [2, 'a.org'],
        [1, 'b.org'],
      ] as const) {
        await renamed(world, `'${domain}'`, `id = ${id}`)
        await wait()
      }
      await world.calm()
    }
    await over(async () => undefined)
    expect(await world.files()).toEqual({ 'a.org': '2 ', 'b.org': '1 ', 'c.org': '3 ' })
    await renamed(world, `case id when 1 then 'a.org' when 2 then 'b.org' else 'c.org' end`)
    await over(() => world.calm())
    expect(await world.files()).toEqual({ 'a.org': '2 ', 'b.org': '1 ', 'c.org': '3 ' })
  })

  it('stay as they are while no script can be made of one of the objects, and go round when it can', async () => {
    const world = await three(
      domainFiles({
        save: (script, site) => {
          if (site.body === 'refused') throw new Error('such a site cannot be made')
          script.file(`sites/${site.domain}`, `${site.id} ${site.body}`)
        },
      }),
    )
    await world.store.query(
      `update site set domain = ${swapped}, body = case id when 2 then 'refused' else '' end`,
    )
    await untilWithin(20_000, 'both have failed twice', async () => {
      const open = (await world.operations()).filter(
        ({ state }) => state === 'waiting' || state === 'running',
      )
      return open.length === 2 && open.every(({ attempt }) => attempt > 1)
    })
    expect(await world.files()).toEqual({ 'a.org': '1 ', 'b.org': '2 ', 'c.org': '3 ' })
    const errors = (await world.operations()).map(({ error }) => error ?? '')
    expect(errors.join('\n')).toContain('it swaps names with site:2, of which no script can be made')
    await world.store.query(`update site set body = 'good' where id = 2`)
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '2 good', 'b.org': '1 ', 'c.org': '3 ' })
  })

  it('are all right in the end where the script of one fails in the middle', async () => {
    const world = await three(domainFiles())
    await world.store.query(
      `update site set domain = ${round}, body = case id when 1 then 'fail' else 'new' end`,
    )
    await untilWithin(20_000, 'one has failed and the others stand', async () => {
      const files = await world.files()
      return files['c.org'] === '2 new' && files['a.org'] === '3 new' && (await world.open()) === 1
    })
    await world.store.query(`update site set body = 'good' where id = 1`)
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '3 new', 'b.org': '1 good', 'c.org': '2 new' })
    expect(await names(world)).toEqual([
      { object_key: '1', names: ['b.org'] },
      { object_key: '2', names: ['c.org'] },
      { object_key: '3', names: ['a.org'] },
    ])
  })

  it('move with their data where a backend can park: a swap, and three in one statement', async () => {
    const world = await threeHomes(parking())
    await renamed(world, swapped)
    await world.calm()
    expect(await homes(world)).toEqual({ 'a.org': '2', 'b.org': '1', 'c.org': '3' })
    await renamed(world, round)
    await world.calm()
    expect(await homes(world)).toEqual({ 'a.org': '3', 'b.org': '2', 'c.org': '1' })
    expect(await names(world)).toEqual([
      { object_key: '1', names: ['c.org'] },
      { object_key: '2', names: ['b.org'] },
      { object_key: '3', names: ['a.org'] },
    ])
  })

  it('keep the data of what made room while the other fails, which can go back, or be deleted', async () => {
    const world = await threeHomes(parking())
    await world.store.query(
      `update site set domain = ${swapped}, body = case id when 2 then 'fail' else '' end`,
    )
    const stuck = () =>
      untilWithin(20_000, 'the other has failed', async () =>
        (await world.operations()).some(
          ({ object_key, outcome, state }) =>
            object_key === '2' && outcome === 'failure' && state === 'waiting',
        ),
      )
    await stuck()
    expect(Object.values(await homes(world)).sort()).toEqual(['1', '2', '3'])
    await world.store.query(`update site set domain = 'z.org' where id = 1`)
    await untilWithin(20_000, 'it is elsewhere', async () => (await homes(world))['z.org'] === '1')
    await world.store.query(`update site set body = '' where id = 2`)
    await world.calm()
    expect(await homes(world)).toEqual({ 'a.org': '2', 'z.org': '1', 'c.org': '3' })
    await world.store.query(`delete from site where id = 1`)
    await world.calm()
    expect(await homes(world)).toEqual({ 'a.org': '2', 'c.org': '3' })
  })

  it('lose nothing where the other cannot even be rendered, and go round when it can', async () => {
    const backend = domainHomes({
      park: (site) => ({ ...site, domain: `parked-${site.id}` }),
      save: (script, site) => {
        if (site.body === 'broken') throw new Error('no such plan')
        script.directory(`homes/${site.domain}`)
      },
    })
    const world = await threeHomes(backend)
    await renamed(world, `${swapped}, body = case id when 2 then 'broken' else '' end`)
    await untilWithin(20_000, 'the other has failed', async () =>
      (await world.operations()).some(
        ({ object_key, outcome, state }) =>
          object_key === '2' && outcome === 'failure' && state === 'waiting',
      ),
    )
    expect(Object.values(await homes(world)).sort()).toEqual(['1', '2', '3'])
    await world.store.query(`update site set body = ''`)
    await world.calm()
    expect(await homes(world)).toEqual({ 'a.org': '2', 'b.org': '1', 'c.org': '3' })
  })

  it('wait for a person where a backend cannot park, and go on when one gets a third name', async () => {
    const world = await threeHomes(domainHomes())
    await renamed(world, swapped)
    await untilWithin(20_000, 'a person is asked', async () => {
      const { places } = await objectStatus(world.store, 'site', ['1'])
      return places[0]?.pending[0]?.waitsFor?.text?.includes('give one of them a third name first') === true
    })
    expect(await homes(world)).toEqual({ 'a.org': '1', 'b.org': '2', 'c.org': '3' })
    await renamed(world, `'t.org'`, 'id = 1')
    await world.calm()
    await renamed(world, `'b.org'`, 'id = 1')
    await world.calm()
    expect(await homes(world)).toEqual({ 'a.org': '2', 'b.org': '1', 'c.org': '3' })
  })
})

describeStores('a name that several objects may have', (open) => {
  const build = useWorlds(open)

  /** Two sites, of which nobody knows whether the first has the second's name too. */
  async function doubtful(backend = domainFiles()): Promise<World> {
    const world = await build({ backends: [backend] })
    const worker = await world.work()
    await world.store.query(`insert into site (id, domain) values (1, 'a.org'), (2, 'b.org')`)
    await world.calm()
    await worker.stop()
    await world.store.query(
      `update orchestra.placement set names = names || jsonb_build_array(jsonb_build_object('identity', 'b.org',
         'state', 'maybe', 'incarnation', 0, 'snapshot', snapshot || '{"domain": "b.org"}')) where object_key = '1'`,
    )
    return world
  }

  it('is asked of the server: what is another’s is not removed with an object, nor with its former names', async () => {
    const world = await doubtful()
    await world.store.query(`update site set body = 'new' where id = 1`)
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '1 new', 'b.org': '2 ' })
    expect(await world.store.query('select from orchestra.placement where other_names')).toEqual([])
  })

  it('is removed with the object that has it alone', async () => {
    const world = await doubtful()
    await world.store.query(`delete from site where id = 1`)
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual({ 'b.org': '2 ' })
  })
})
