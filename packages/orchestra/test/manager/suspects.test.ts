import { expect, it } from 'vitest'
import { defineBackend } from '../../src/index.ts'
import { retry } from '../../src/manager/index.ts'
import { sh } from '../../src/script/index.ts'
import { lineOf, linesOf } from '../regenerate/lines.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, siteFilesWith, useWorlds, type World } from '../support/world.ts'

/** Every kind of trouble that ends a script, or keeps it from its end, by the body of the row. */
const troubled = siteFilesWith({
  save: (script, { id, domain, body }) => {
    if (body === 'hang') script.run(sh`sleep 300`)
    // The whole group: the bash that the script runs in, and the one that would stay.
    if (body === 'kill') script.run(sh`kill -9 0`)
    if (body === 'kill-in-guard') script.run(sh`true`, { unless: sh`kill -9 0` })
    if (body === 'hang-in-guard') script.run(sh`true`, { unless: sh`sleep 300` })
    script.file(`sites/${id}`, `${domain} ${body}`)
  },
})

const timeouts = { idle: 1_000, total: 20_000 }

describeStores('what ends a script, or keeps it from its end', (open) => {
  const build = useWorlds(open)

  /** Ten rows, some of them with trouble, that one script is about. */
  const begin = async (world: World, trouble: Record<number, string>) => {
    await world.store.query(
      `insert into site (id, domain, body) select n, n || '.org', coalesce($1::jsonb ->> n::text, 'fine') from generate_series(1, 10) n`,
      [JSON.stringify(trouble)],
    )
    await world.collect()
    await world.work()
  }

  const others = (trouble: Record<number, string>) =>
    Array.from({ length: 10 }, (_, n) => String(n + 1)).filter((id) => trouble[Number(id)] === undefined)

  const ended = async (world: World, outcome: string) =>
    (await world.operations()).filter((one) => one.outcome === outcome).map((one) => Number(one.object_key))

  for (const [body, outcome] of [
    ['hang', 'timeout'],
    ['kill', 'failure'],
    ['kill-in-guard', 'failure'],
    ['hang-in-guard', 'failure'],
  ] as const)
    it(`costs nobody else anything: ${body}`, async () => {
      const trouble = { 3: body, 7: body }
      const world = await build({ backends: [troubled], worker: { timeouts } })
      await begin(world, trouble)
      await until('the others are done and the two have failed', async () => {
        const done = await ended(world, 'success')
        return done.length === 8 && (await ended(world, outcome)).length === 2
      })
      expect(Object.keys(await world.files()).sort()).toEqual(expect.arrayContaining(others(trouble)))
      const operations = await world.operations()
      expect(operations.filter(({ outcome }) => outcome === 'success').map(({ attempt }) => attempt)).toEqual(
        Array(8).fill(1),
      )
      await world.store.query(`update site set body = 'mended'`)
      await world.calm()
      expect(await world.files()).toEqual(await world.wanted())
    })

  it('is tried again in a script of its own, after whatever else waits', async () => {
    const world = await build({ backends: [troubled], worker: { timeouts } })
    await begin(world, { 1: 'kill', 2: 'kill' })
    const alone = async (id: number) =>
      world.store.query<{ together: number }>(
        `select (select count(*)::int from orchestra.log_operation p where p.log_id = l.id) as together
         from orchestra.log_operation mine join orchestra.log l on l.id = mine.log_id
         join orchestra.operation o on o.id = mine.operation_id
         where o.object_key = $1 and l.ended_at is not null order by l.id`,
        [String(id)],
      )
    await until('both were tried three times', async () =>
      [await alone(1), await alone(2)].every((tries) => tries.length >= 3),
    )
    // The second was not reached when the first ended the script; from then on each is alone.
    expect((await alone(1)).map(({ together }) => together).slice(0, 3)).toEqual([10, 1, 1])
    expect((await alone(2)).map(({ together }) => together).slice(0, 3)).toEqual([10, 9, 1])
  })

  it('is nothing that a whole configuration waits for', async () => {
    const hanging = defineBackend({
      name: 'lines',
      model: Site,
      sync(script, objects) {
        script.directory('conf')
        script.file('conf/all', ['# sites\n', objects.map(lineOf)])
        script.run(sh`if grep -q hang conf/all; then sleep 300; fi`)
      },
    })
    const world = await build({ backends: [hanging], worker: { timeouts: { idle: 1_000, total: 20_000 } } })
    await begin(world, { 4: 'hang' })
    await until('it has failed and the others are done', async () => {
      const done = await ended(world, 'success')
      return done.length === 9 && (await ended(world, 'timeout')).length === 1
    })
    await world.store.query(`update site set body = 'mended' where id = 4`)
    await retry(world.store, 'failed', 'test')
    await world.calm()
    expect(await linesOf(world)).toHaveLength(10)
  })
})
