import { expect, it } from 'vitest'
import { type Queryable, takeTurn } from '../../src/store/index.ts'
import { until } from '../support/processes.ts'
import { describePostgres } from '../support/stores.ts'

const NUMBER = 7

describePostgres('who waited for a turn', (open) => {
  it('sees what was made meanwhile', async () => {
    const store = await open()
    const taken = Promise.withResolvers<void>()
    const made = Promise.withResolvers<void>()
    const first = store.transaction(async (tx) => {
      await takeTurn(tx, NUMBER)
      taken.resolve()
      await made.promise
      await tx.query('create schema fresh; create table fresh.thing ()')
    })
    await taken.promise
    const isAbsent = async (tx: Queryable) => {
      const [found] = await tx.query<{ absent: boolean }>(
        `select to_regclass('fresh.thing') is null as absent`,
      )
      return found?.absent
    }
    const second = store.transaction(async (tx) => {
      // From now on this session remembers that the name leads to nothing.
      await isAbsent(tx)
      await takeTurn(tx, NUMBER)
      return isAbsent(tx)
    })
    await until('the second waits', async () => {
      const waiting = await store.query(`select from pg_locks where locktype = 'advisory' and not granted`)
      return waiting.length > 0
    })
    made.resolve()
    await first
    expect(await second).toBe(false)
  })
})
