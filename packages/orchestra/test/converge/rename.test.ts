import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { routeObjects } from '../../src/manager/index.ts'
import { planUnit } from '../../src/plan/index.ts'
import { CurrentRouter } from '../../src/router/index.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { domainFiles, domainHomes } from './domains.ts'

describeStores('renames', (open) => {
  const build = useWorlds(open)

  const addSite = (world: World, id: number, domain: string) =>
    world.store.query('insert into site (id, domain) values ($1, $2)', [id, domain])

  const rename = (world: World, id: number, domain: string, body = '') =>
    world.store.query('update site set domain = $2, body = $3 where id = $1', [id, domain, body])

  const placements = (world: World) =>
    world.store.query(
      `select identity, state, (
         select jsonb_agg(n.name) from jsonb_array_elements(names) as n(name)
         where n.name ->> 'state' = 'maybe' and n.name ->> 'identity' <> identity) as tried
       from orchestra.placement order by identity`,
    )

  const remnants = async (world: World) =>
    (
      await world.store.query<{ identity: string }>(
        `select n.name ->> 'identity' as identity from orchestra.placement, jsonb_array_elements(names) as n(name)
         where n.name ->> 'state' = 'left' order by 1`,
      )
    ).map(({ identity }) => identity)

  async function writeData(world: World, domain: string): Promise<void> {
    await writeFile(join(world.directory, 'here', 'homes', domain, 'data'), 'kept')
  }

  function readData(world: World, domain: string): Promise<string> {
    return readFile(join(world.directory, 'here', 'homes', domain, 'data'), 'utf8')
  }

  it('replace what stands under the old name, unless told otherwise', async () => {
    const world = await build({ backends: [domainFiles()] })
    await world.work()
    await addSite(world, 1, 'a.org')
    await world.calm()
    await rename(world, 1, 'b.org')
    await world.calm()
    expect(await world.files()).toEqual({ 'b.org': '1 ' })
    expect(await placements(world)).toEqual([{ identity: 'b.org', state: 'applied', tried: null }])
    expect(await remnants(world)).toEqual([])
  })

  it('are done once however many of them wait', async () => {
    const world = await build({ backends: [domainHomes()] })
    const first = await world.work()
    await addSite(world, 1, 'a.org')
    await world.calm()
    await writeData(world, 'a.org')
    await first.stop()
    for (const domain of ['b.org', 'c.org']) {
      await rename(world, 1, domain)
      await world.collect()
    }
    await world.work()
    await world.calm()
    expect(await readData(world, 'c.org')).toBe('kept')
    const [log] = await world.store.query<{ script: string }>(
      'select script from orchestra.log order by id desc limit 1',
    )
    expect(log?.script).not.toContain('b.org')
  })

  it('forget the name of what was never begun', async () => {
    const world = await build({ backends: [domainFiles({ onRename: 'refuse' })] })
    await addSite(world, 1, 'a.org')
    await world.collect()
    await rename(world, 1, 'b.org')
    await world.collect()
    expect(await placements(world)).toEqual([{ identity: 'b.org', state: 'pending', tried: null }])
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual({ 'b.org': '1 ' })
  })

  it('take the data along', async () => {
    const world = await build({ backends: [domainHomes()] })
    await world.work()
    await addSite(world, 1, 'a.org')
    await world.calm()
    await writeData(world, 'a.org')
    await rename(world, 1, 'b.org')
    await world.calm()
    expect(await readData(world, 'b.org')).toBe('kept')
    await expect(readData(world, 'a.org')).rejects.toThrow()
  })

  it('find the data again that a rename which failed has moved already', async () => {
    const world = await build({ backends: [domainHomes()] })
    await world.work()
    await addSite(world, 1, 'a.org')
    await world.calm()
    await writeData(world, 'a.org')
    await rename(world, 1, 'b.org', 'fail')
    await until('the rename has failed', async () => (await placements(world))[0]?.state === 'failed')
    expect(await readData(world, 'b.org')).toBe('kept')
    await rename(world, 1, 'c.org')
    await world.calm()
    expect(await readData(world, 'c.org')).toBe('kept')
    expect(await placements(world)).toEqual([{ identity: 'c.org', state: 'applied', tried: null }])
  })

  it('go back to the name that a rename which failed had left', async () => {
    const world = await build({ backends: [domainHomes()] })
    await world.work()
    await addSite(world, 1, 'a.org')
    await world.calm()
    await writeData(world, 'a.org')
    await rename(world, 1, 'b.org', 'fail')
    await until('the rename has failed', async () => (await placements(world))[0]?.state === 'failed')
    await rename(world, 1, 'a.org')
    await world.calm()
    expect(await readData(world, 'a.org')).toBe('kept')
  })

  it('leave nothing of a rename which failed when the object goes', async () => {
    const world = await build({ backends: [domainFiles()] })
    await world.work()
    await addSite(world, 1, 'a.org')
    await world.calm()
    await rename(world, 1, 'b.org', 'fail')
    await until('the rename has failed', async () => (await placements(world))[0]?.state === 'failed')
    expect(await world.files()).toEqual({ 'b.org': '1 fail' })
    await world.store.query('delete from site')
    await world.calm()
    expect(await world.files()).toEqual({})
  })

  it('keep the copy under the old name where that is the policy, and remove it with its object', async () => {
    const world = await build({ backends: [domainFiles({ onRename: 'keep' })] })
    await world.work()
    await addSite(world, 1, 'a.org')
    await world.calm()
    await rename(world, 1, 'b.org')
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '1 ', 'b.org': '1 ' })
    expect(await remnants(world)).toEqual(['a.org'])
    await world.store.query('delete from site')
    await world.calm()
    expect(await world.files()).toEqual({})
    expect(await remnants(world)).toEqual([])
  })

  it('take a kept copy into use again when the object gets its old name back', async () => {
    const world = await build({ backends: [domainFiles({ onRename: 'keep' })] })
    await world.work()
    await addSite(world, 1, 'a.org')
    await world.calm()
    for (const domain of ['b.org', 'a.org']) {
      await rename(world, 1, domain)
      await world.calm()
    }
    expect(await remnants(world)).toEqual(['b.org'])
    await world.store.query('delete from site')
    await world.calm()
    expect(await world.files()).toEqual({})
  })

  it('are refused where that is the policy, and go on when the name is back', async () => {
    const world = await build({ backends: [domainFiles({ onRename: 'refuse' })] })
    await world.work()
    await addSite(world, 1, 'a.org')
    await world.calm()
    await rename(world, 1, 'b.org')
    const refusal = async () => (await world.operations()).find((one) => one.server_id === null)
    await until('it is refused', async () => (await refusal()) !== undefined)
    expect(await refusal()).toMatchObject({
      state: 'waiting',
      error: 'Backend "files" does not rename it from "a.org" to "b.org": its policy is to refuse renames',
    })
    await rename(world, 1, 'a.org', 'new')
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '1 new' })
  })

  it('hand a name on from one object to the next, in any order of their rows', async () => {
    const world = await build({ backends: [domainFiles()] })
    const first = await world.work()
    await addSite(world, 1, 'a.org')
    await addSite(world, 2, 'b.org')
    await addSite(world, 3, 'c.org')
    await world.calm()
    await first.stop()
    await world.store.query(
      `update site set domain = case id when 1 then 'b.org' when 2 then 'c.org' else 'd.org' end`,
    )
    await world.work()
    await world.calm()
    expect(await world.files()).toEqual({ 'b.org': '1 ', 'c.org': '2 ', 'd.org': '3 ' })
  })

  it('swap the names of two objects', async () => {
    const world = await build({ backends: [domainFiles()] })
    await world.work()
    await addSite(world, 1, 'a.org')
    await addSite(world, 2, 'b.org')
    await world.calm()
    await world.store.query(`update site set domain = case id when 1 then 'b.org' else 'a.org' end`)
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '2 ', 'b.org': '1 ' })
  })

  it('are seen before the commit by the unit that asks for them', async () => {
    const world = await build({ backends: [domainFiles({ onRename: 'refuse' })] })
    await world.work()
    await addSite(world, 1, 'a.org')
    await world.calm()
    const planned = world.store.transaction(async (tx) => {
      await tx.query(`update site set domain = 'b.org'`)
      const [change] = await tx.query<{ unit_id: string }>('select unit_id from orchestra.change')
      const route = routeObjects(await new CurrentRouter(world.config.backends.values()).get(tx))
      return planUnit(world.store, tx, world.config, route, change?.unit_id ?? '')
    })
    await expect(planned).rejects.toMatchObject({
      code: 'ORC_OBJECT_INVALID',
      message: expect.stringContaining('does not rename it from "a.org" to "b.org"'),
    })
  })
})
