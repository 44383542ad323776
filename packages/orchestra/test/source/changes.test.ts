import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { spreadTruncations } from '../../src/collector/truncated.ts'
import type { Key } from '../../src/config/model.ts'
import { unitStatus } from '../../src/placements/index.ts'
import { type AskedChange, type Bound, changesIn } from '../../src/source/index.ts'
import type { Queryable, Store } from '../../src/store/index.ts'
import { addServer } from '../logs/fixtures.ts'
import { describePostgres, describeStores } from '../support/stores.ts'

const own = { models: ['site'], backends: [], foreign: [] }
const all: Bound = { keys: 100_000 }

function asked(more: Partial<AskedChange> = {}): AskedChange {
  return {
    unitId: randomUUID(),
    actor: null,
    source: 'test',
    model: 'site',
    action: 'save',
    keys: [['1']],
    ...more,
  }
}

function keysTo(count: number): Key[] {
  return Array.from({ length: count }, (_, index) => [String(index)])
}

const truncate = (db: Queryable, unitId = randomUUID()) =>
  db.query(
    `insert into orchestra.change (unit_id, model, action, keys) values ($1, 'site', 'truncate', '[]')`,
    [unitId],
  )

async function keysOf(db: Queryable): Promise<string[]> {
  const due = await changesIn(db).due(own, all)
  return due.flatMap(({ keys }) => keys.map(String)).toSorted()
}

describeStores('changes that Orchestra asks for', (open) => {
  it('have at most a thousand keys each, and are of one unit', async () => {
    const changes = changesIn(await open())
    const one = asked({ keys: keysTo(2_500) })
    await changes.ask([one])
    const due = await changes.due(own, all)
    expect(due.map(({ unitId, keys }) => [unitId, keys.length])).toEqual([
      [one.unitId, 1_000],
      [one.unitId, 1_000],
      [one.unitId, 500],
    ])
    expect(due.flatMap(({ keys }) => keys)).toEqual(one.keys)
  })

  it('keep the last digit of what they are given', async () => {
    const store = await open()
    const payload = '{"n": 12345678901234567890.123456789012345678}'
    await changesIn(store).ask([asked({ payload })])
    expect(await store.query('select payload::text as payload from orchestra.change')).toEqual([{ payload }])
  })
})

describeStores('changes that wait', (open) => {
  it('are counted once over, and those that cannot be looked at are told', async () => {
    const store = await open()
    const changes = changesIn(store)
    expect(await changes.backlog()).toEqual({ keys: 0, oldest: null, error: null, models: [] })
    const [first, second] = [asked({ keys: keysTo(3) }), asked({ model: 'box', keys: keysTo(2) })]
    await changes.ask([first, second])
    const [waiting] = await changes.due(own, all)
    await changes.postpone(waiting?.id ?? -1, 'it broke', { base: 60_000, cap: 60_000 })
    expect(await changes.due(own, all)).toEqual([])
    expect(await changes.backlog()).toEqual({
      keys: 5,
      oldest: waiting?.at,
      error: 'it broke',
      models: [
        { model: 'box', keys: 2 },
        { model: 'site', keys: 3 },
      ],
    })
    expect(await changes.unit(first.unitId)).toMatchObject({
      keys: 3,
      failing: 3,
      error: 'it broke',
      untold: null,
    })
    expect(await changes.unit(second.unitId)).toMatchObject({ keys: 2, failing: 0, error: null })
    expect(await changes.unit(randomUUID())).toBeUndefined()
    expect(await changes.unitsAmong([second.unitId, randomUUID()])).toEqual(new Set([second.unitId]))
    expect(await changes.countOf('site', ['2'])).toBe(1)
    expect(await changes.countOf('box', ['2'])).toBe(0)
  })
})

describePostgres('a change', (open) => {
  it('that is committed after one of a higher number is not taken away with it', async () => {
    const store = await open()
    const changes = changesIn(store)
    const [late, early] = [asked(), asked()]
    await store.transaction(async (tx) => {
      await changesIn(tx).ask([late])
      await changes.ask([early])
      const read = await changes.due(own, all)
      expect(read.map(({ unitId }) => unitId)).toEqual([early.unitId])
      await changes.acknowledge(read.map(({ id }) => id))
    })
    expect((await changes.due(own, all)).map(({ unitId }) => unitId)).toEqual([late.unitId])
  })
})

describePostgres('a truncation', (open) => {
  it('becomes changes of all that may have been there, placed or waiting, each once', async () => {
    const store = await open()
    const servers = [await addServer(store), await addServer(store, 'other')]
    await store.query(
      `insert into orchestra.placement (server_id, backend, model, object_key, keys, identity)
       select s, 'files', 'site', n::text, jsonb_build_array(n::text), 'n' || n
       from generate_series(1, 21000) n, unnest($1::int[]) s`,
      [servers],
    )
    await store.query(
      `insert into orchestra.operation (unit_id, server_id, backend, action, model, object_key, keys, state)
       select gen_random_uuid(), $1, 'files', 'save', 'site', n::text, jsonb_build_array(n::text), 'waiting'
       from generate_series(15001, 42000) n`,
      [servers[0]],
    )
    await truncate(store)
    await store.transaction(spreadTruncations)
    const found = await keysOf(store)
    expect(found).toHaveLength(42_000)
    expect(new Set(found).size).toBe(42_000)
  })

  it('of what nothing is known of leaves a change of its unit', async () => {
    const store = await open()
    const unit = randomUUID()
    await truncate(store, unit)
    await store.transaction(spreadTruncations)
    expect(await changesIn(store).due(own, all)).toMatchObject([{ unitId: unit, action: 'save', keys: [] }])
  })
})

describePostgres('a truncation that two look at', (open) => {
  it('is spread once', async () => {
    const store = await open()
    await truncate(store)
    const reads: string[] = []
    let second: Promise<void> | undefined
    const waits = async () => {
      const rows = await store.query('select from pg_locks where not granted')
      return rows.length > 0 || reads.length > 1
    }
    const spread = () => store.transaction((tx) => changesIn(tx).spread(known))
    async function* known(model: string) {
      reads.push(model)
      second ??= spread()
      while (!(await waits()));
      yield [['1'], ['2']]
      yield [['3']]
    }
    await spread()
    await second
    expect(reads).toEqual(['site'])
    expect(await keysOf(store)).toEqual(['1', '2', '3'])
  })
})

describeStores('a unit that is collected while it is asked for', (open) => {
  /** Collects everything after a number of statements. */
  function collectedAfter(store: Store, statements: number): Queryable {
    let left = statements
    return {
      query: async (text, values) => {
        if (left-- === 0) await collect(store)
        return store.query(text, values)
      },
    }
  }

  async function collect(store: Store): Promise<void> {
    await store.query(
      `insert into orchestra.unit (id, actor, source, created_at) select unit_id, actor, source, at from orchestra.change`,
    )
    await store.query('delete from orchestra.change')
  }

  it('is known all the time', async () => {
    for (let statements = 0; statements < 4; statements++) {
      const store = await open()
      const one = asked()
      await changesIn(store).ask([one])
      expect((await unitStatus(collectedAfter(store, statements), one.unitId))?.source).toBe('test')
    }
  })
})
