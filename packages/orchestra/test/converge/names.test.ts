import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sh } from '../../src/index.ts'
import { cancel, retry } from '../../src/manager/index.ts'
import { objectStatus } from '../../src/placements/index.ts'
import { workOf } from '../../src/sync/index.ts'
import { until, untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'
import { domainFiles } from './domains.ts'

describeStores('a name that passes from one object to another', (open) => {
  const build = useWorlds(open)

  it('is taken when the old object is gone, however long its removal fails', async () => {
    const backend = domainFiles({
      delete: (script, site) => {
        script.run(sh`exit 3`, { onlyIf: sh`[[ -e stuck ]]` })
        script.absent(`sites/${site.domain}`)
      },
    })
    const world = await build({ backends: [backend] })
    await world.work()
    await world.store.query(`insert into site (id, domain, body) values (1, 'a.org', 'old')`)
    await world.calm()
    const stuck = join(world.directory, 'here', 'stuck')
    await writeFile(stuck, '')
    await world.store.query(
      `delete from site; insert into site (id, domain, body) values (2, 'a.org', 'new')`,
    )
    await untilWithin(20_000, 'the removal has failed', async () =>
      (await world.operations()).some(({ action, outcome }) => action === 'delete' && outcome === 'failure'),
    )
    const { places } = await objectStatus(world.store, 'site', ['2'])
    expect(places[0]?.pending[0]?.waitsFor).toEqual({
      kind: 'name',
      text: 'it waits for the name "a.org", which site:1 has there or asked for before',
    })
    await rm(stuck)
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '2 new' })
  })

  it('waits where the removal was cancelled, says so, and is taken when that is asked for again', async () => {
    const world = await build({ backends: [domainFiles()] })
    const worker = await world.work()
    await world.store.query(`insert into site (id, domain, body) values (1, 'a.org', 'old')`)
    await world.calm()
    await worker.stop()
    await world.store.query('delete from site')
    await world.collect()
    const old = { kind: 'object', model: 'site', key: '1' } as const
    await cancel(world.store, old, 'anna')
    await world.store.query(`insert into site (id, domain, body) values (2, 'a.org', 'new')`)
    await world.collect()
    await world.work()
    const save = (await world.operations()).at(-1)
    await until(
      'it is found to wait',
      async () => (await workOf(world.store, save?.unit_id ?? '')).stuck === 1,
    )
    const { places } = await objectStatus(world.store, 'site', ['2'])
    expect(places[0]?.pending[0]?.waitsFor?.text).toMatch(/was cancelled: .*`orchestra retry site:1`/)
    await retry(world.store, old, 'anna')
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '2 new' })
  })
})
