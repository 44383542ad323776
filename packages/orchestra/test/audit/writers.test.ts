import { expect, it } from 'vitest'
import { linkAudit, verifyAudit } from '../../src/audit/index.ts'
import { audit } from '../../src/server/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

describePostgres('who writes the audit', (open) => {
  const build = useWorlds(open)

  it('waits for nobody who chains it, and is chained when it is committed', { timeout: 60_000 }, async () => {
    const store = await open()
    const entry = (target: string) => ({ by: 'alice', action: 'server.set', target })
    await store.transaction(async (tx) => {
      await audit(tx, entry('first'))
      // Another one chains meanwhile, and holds what only chains need.
      await store.transaction(async (other) => {
        await other.query('select from orchestra.audit_chain for update')
        await audit(store, entry('second'))
        expect(await linkAudit(store)).toBe(0)
      })
      expect(await linkAudit(store)).toBe(1)
    })
    expect(await linkAudit(store)).toBe(1)
    const linked = await store.query('select link, target from orchestra.audit order by link')
    expect(linked).toEqual([
      { link: 1, target: 'second' },
      { link: 2, target: 'first' },
    ])
    expect(await verifyAudit(store)).toMatchObject({ state: 'whole', entries: 2 })
  })

  it('leaves one chain, however many write and chain at once', { timeout: 60_000 }, async () => {
    const store = await open()
    const write = async (writer: number) => {
      for (let n = 0; n < 10; n++) {
        await store.transaction((tx) => audit(tx, { by: `w${writer}`, action: 'pause', target: String(n) }))
        await linkAudit(store)
      }
    }
    await Promise.all([1, 2, 3, 4, 5].map(write))
    await linkAudit(store)
    expect(await verifyAudit(store)).toMatchObject({ state: 'whole', entries: 50, unlinked: 0 })
  })

  it('has a worker that chains what it wrote', { timeout: 120_000 }, async () => {
    const world = await build()
    await world.work()
    await audit(world.store, { by: 'alice', action: 'pause', target: 'orchestra' })
    await untilWithin(60_000, 'the chain', async () => {
      const { entries, unlinked } = await verifyAudit(world.store)
      return entries > 0 && unlinked === 0
    })
  })
})
