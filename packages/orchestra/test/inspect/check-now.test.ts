import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkNow } from '../../src/inspect/index.ts'
import { Bell } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'
import { fill, shown } from './support.ts'

describeStores('checking now', (open) => {
  const build = useWorlds(open)

  it('waits for the end and answers what deviates, of the selection that is asked for', async () => {
    const world = await build({})
    await world.work()
    await fill(world, 3)
    await world.calm()
    const bell = new Bell(world.store)
    try {
      const check = (selector = {}) => checkNow({ ...world, bell }, selector)
      expect(await check()).toEqual([])
      const [first = '', second = ''] = Object.keys(await world.files()).sort()
      await writeFile(join(world.directory, 'here', 'sites', first), 'by hand')
      await rm(join(world.directory, 'here', 'sites', second))
      expect(shown(await check())).toEqual(['site:1 drifted', 'site:2 missing'])
      expect(shown(await check({ object: 'site:2' }))).toEqual(['site:2 missing'])
      await expect(check({ backend: 'none' })).rejects.toMatchObject({ code: 'ORC_BACKEND_UNKNOWN' })
    } finally {
      await bell.close()
    }
  })
})
