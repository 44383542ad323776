import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Orchestra } from '../../src/index.ts'
import { describeStores, testKey } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

describeStores('an application', (open) => {
  const build = useWorlds(open)

  it('plans, synchronizes and checks as the command does', async () => {
    const world = await build()
    await world.work()
    const orchestra = await Orchestra.open(world.config, {
      databaseUrl: world.store.databaseUrl,
      key: testKey,
    })
    try {
      await world.calm()
      await world.store.transaction(async (tx) => {
        await tx.query('alter table site disable trigger user')
        await tx.query(`insert into site (id, domain) values (1, 'a.org')`)
        await tx.query('alter table site enable trigger user')
      })
      const { operations, scripts } = await orchestra.plan()
      expect(operations).toMatchObject([
        { server: 'here', kind: 'create', object: 'site:1', identity: 'a.org' },
      ])
      expect(scripts[0]?.script).toContain('sites/1')
      expect(await orchestra.sync({ server: 'here' })).toMatchObject({
        state: 'done',
        counts: { created: 1 },
      })
      expect(await world.files()).toEqual(await world.wanted())
      expect((await orchestra.plan()).operations).toEqual([])
      await writeFile(join(world.directory, 'here/sites/1'), 'by hand')
      expect(await orchestra.checkNow()).toMatchObject([{ object: 'site:1', state: 'drifted' }])
      await expect(orchestra.sync({ backend: 'nobody' })).rejects.toMatchObject({
        code: 'ORC_BACKEND_UNKNOWN',
      })
    } finally {
      await orchestra.close()
    }
  })
})
