import { expect, it } from 'vitest'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds, type World } from '../support/world.ts'

/** Sites by their domains; `_` is one that no script can be made of. */
const sites = siteFilesWith({
  identity: (site) => site.domain,
  save: (script, site) => script.file(`sites/${checked(site.domain)}`, site.body),
  delete: (script, site) => script.absent(`sites/${checked(site.domain)}`),
  rename: (script, _, previous) => script.absent(`sites/${checked(previous.domain)}`),
})

function checked(domain: string): string {
  if (domain === '_') throw new Error('use a name')
  return domain
}

describeStores('a row of which no script can be made', (open) => {
  const build = useWorlds(open)

  async function working(): Promise<World> {
    const world = await build({ backends: [sites] })
    await world.work()
    return world
  }

  const failed = (world: World) => async () =>
    (await world.operations()).some(({ error }) => error?.includes('use a name'))

  it('goes without a removal when nothing was ever made of it, also by a script that others were in', async () => {
    const world = await working()
    await world.store.query(`insert into site (id, domain, body) values (1, '_', ''), (2, 'good', 'body')`)
    await expect.poll(failed(world), { timeout: 10_000 }).toBe(true)
    await expect.poll(() => world.files(), { timeout: 10_000 }).toEqual({ good: 'body' })
    await world.store.query('delete from site where id = 1')
    await world.calm()
    expect(await world.store.query('select object_key from orchestra.placement')).toEqual([
      { object_key: '2' },
    ])
  })

  it('takes what it was before along when it goes', async () => {
    const world = await working()
    await world.store.query(`insert into site (id, domain, body) values (1, 'good', 'body')`)
    await world.calm()
    await world.store.query(`update site set domain = '_'`)
    await expect.poll(failed(world), { timeout: 10_000 }).toBe(true)
    await world.store.query('delete from site')
    await world.calm()
    expect(await world.files()).toEqual({})
    expect(await world.store.query('select from orchestra.placement')).toEqual([])
  })
})
