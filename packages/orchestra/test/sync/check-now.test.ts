import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Orchestra } from '../../src/index.ts'
import { fill, shown } from '../inspect/support.ts'
import { describeStores, testKey } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

describeStores('checking now', (open) => {
  const build = useWorlds(open)

  it('waits for the end and answers what deviates, of the selection that is asked for', async () => {
    const world = await build({})
    await world.work()
    await fill(world, 3)
    await world.calm()
    const { databaseUrl } = world.store
    const orchestra = await Orchestra.open(world.config, { databaseUrl, key: testKey })
    try {
      const check = (selector = {}) => orchestra.checkNow(selector)
      expect(await check()).toEqual([])
      const [first = '', second = ''] = Object.keys(await world.files()).sort()
      await writeFile(join(world.directory, 'here', 'sites', first), 'by hand')
      await rm(join(world.directory, 'here', 'sites', second))
      expect(shown(await check())).toEqual(['site:1 drifted', 'site:2 missing'])
      expect(shown(await check({ object: 'site:2' }))).toEqual(['site:2 missing'])
      await expect(check({ backend: 'none' })).rejects.toMatchObject({ code: 'ORC_BACKEND_UNKNOWN' })
    } finally {
      await orchestra.close()
    }
  })
})
