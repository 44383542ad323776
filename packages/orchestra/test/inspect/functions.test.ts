import { expect, it } from 'vitest'
import { addServer } from '../../src/fleet/index.ts'
import { listFindings } from '../../src/inspect/index.ts'
import { disableRoute } from '../../src/router/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds, type World } from '../support/world.ts'
import { ended, fill, shown } from './support.ts'

const calls = siteFilesWith({
  prepare: () => undefined,
  save: (script) => script.call('put', async () => undefined),
  delete: (script) => script.call('remove', async () => undefined),
})

describeStores('an inspection of a server of functions', (open) => {
  const build = useWorlds(open)

  async function world(): Promise<World> {
    const made = await build({ servers: [], backends: [calls] })
    await addServer(made.store, { name: 'api', method: 'function', by: 'test' })
    await made.route('files', 'api')
    await made.work()
    await fill(made, 2)
    await made.calm()
    return made
  }

  for (const mode of ['check', 'sync'] as const)
    it(`succeeds in a ${mode}, and says that what functions made is not known`, async () => {
      const made = await world()
      const status = await ended(made, mode)
      expect(status).toMatchObject({ state: 'done', inspections: [{ state: 'done', seen: 2 }] })
      expect(status.inspections[0]?.counts).toMatchObject({ unknown: 2, inSync: 0, drifted: 0, missing: 0 })
      const findings = await listFindings(made.store)
      expect(shown(findings)).toEqual(['site:1 unknown', 'site:2 unknown'])
      expect(made.errors).toEqual([])
    })

  it('succeeds where an object was never made', async () => {
    const made = await world()
    await disableRoute(made.store, 1, { by: 'test' })
    await made.store.query('insert into site (id) values (3)')
    await untilWithin(20_000, 'it waits', async () => (await made.operations()).some(({ held }) => held))
    expect(await ended(made, 'check')).toMatchObject({
      state: 'done',
      inspections: [{ state: 'done', seen: 2 }],
    })
  })
})
