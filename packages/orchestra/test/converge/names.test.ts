import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sh } from '../../src/index.ts'
import { objectStatus } from '../../src/placements/index.ts'
import { untilWithin } from '../support/processes.ts'
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
      text: 'site:1, which goes by the same name there, is still to be removed',
    })
    await rm(stuck)
    await world.calm()
    expect(await world.files()).toEqual({ 'a.org': '2 new' })
  })
})
