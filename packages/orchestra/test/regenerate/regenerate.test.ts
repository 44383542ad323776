import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defineBackend } from '../../src/index.ts'
import { sh } from '../../src/script/index.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { Site, useWorlds } from '../support/world.ts'
import { lines, linesOf, logsOf, reloadsOf } from './lines.ts'

describeStores('a backend that writes whole configurations', (open) => {
  const newWorld = useWorlds(open)

  test('has all objects in its file: the first, more, changed ones, and none when the last is deleted', async () => {
    const world = await newWorld({ backends: [lines] })
    await world.work()
    await world.store.query(`insert into site (id, domain, body) values (1, 'a.org', 'x')`)
    await world.calm()
    expect(await linesOf(world)).toEqual(['1 a.org x'])
    await world.store.query(`insert into site (id, domain, body) values (2, 'b.org', 'y'), (3, 'c.org', 'z')`)
    await world.calm()
    await world.store.query(`update site set domain = 'd.org' where id = 2`)
    await world.store.query(`delete from site where id = 1`)
    await world.calm()
    expect(await linesOf(world)).toEqual(['2 d.org y', '3 c.org z'])
    await world.store.query(`delete from site`)
    await world.calm()
    expect(await linesOf(world)).toEqual([])
    const placements = await world.store.query('select from orchestra.placement')
    expect(placements).toHaveLength(0)
    expect(await reloadsOf(world)).toBeGreaterThanOrEqual(4)
  })

  test('is run once for all that waits, with one log and one reload', async () => {
    const world = await newWorld({ backends: [lines] })
    await world.collect()
    await world.store.query(
      `insert into site (id, domain, body) select n, n || '.org', 'x' from generate_series(1, 10000) n`,
    )
    await world.collect()
    await world.work()
    await world.calm(60_000)
    expect(await linesOf(world)).toHaveLength(10_000)
    expect(await logsOf(world)).toEqual([{ id: expect.any(Number), state: 'SUCCESS', error: null }])
    expect(await reloadsOf(world)).toBe(1)
    const placed = await world.store.query(
      `select state, identity is not null and revision is not null as known, count(*)::int as count
       from orchestra.placement group by 1, 2`,
    )
    expect(placed).toEqual([{ state: 'applied', known: true, count: 10_000 }])
    const logged = await world.store.query(
      `select outcome, changed, count(*)::int as count from orchestra.log_operation group by 1, 2`,
    )
    expect(logged).toEqual([{ outcome: 'success', changed: true, count: 10_000 }])
  })

  test('changes nothing and reloads nothing the second time', async () => {
    const world = await newWorld({ backends: [lines] })
    await world.work()
    await world.store.query(`insert into site (id, body) values (1, 'x'), (2, 'y')`)
    await world.calm()
    const before = await reloadsOf(world)
    await world.store.query(`update site set plan = 'gold'`)
    await world.calm()
    expect(await reloadsOf(world)).toBe(before)
    const last = (await world.operations()).filter((one) => one.outcome === 'success').slice(-2)
    const changed = await world.store.query(
      `select changed from orchestra.operation where id = any($1) order by id`,
      [last.map((one) => one.id)],
    )
    expect(changed).toEqual([{ changed: false }, { changed: false }])
  })

  test('keeps an object that its check refuses as it was, names it, and applies the others', async () => {
    const world = await newWorld({ backends: [lines] })
    await world.store.query(`insert into site (id, body) select n, 'x' from generate_series(1, 20) n`)
    const manager = await world.work()
    await world.calm()
    await manager.stop()
    await world.store.query(`update site set body = case when id in (7, 13) then 'bad' else 'y' end`)
    await world.store.query(`insert into site (id, body) values (21, 'bad'), (22, 'y')`)
    await world.collect()
    await world.work()
    await until('all good objects are applied', async () => {
      const operations = await world.operations()
      return operations.filter((one) => one.outcome === 'success').length === 20 + 19
    })
    const failed = (await world.operations()).filter((one) => one.outcome === 'failure')
    expect(failed.map((one) => one.object_key).sort()).toEqual(['13', '21', '7'])
    for (const one of failed) expect(one.error).toContain('the check of its file failed')
    const wanted = Array.from({ length: 22 }, (_, at) => at + 1).filter((id) => id !== 21)
    expect(await linesOf(world)).toEqual(
      wanted.map((id) => `${id} a.org ${id === 7 || id === 13 ? 'x' : 'y'}`).sort(),
    )
    const states = (await logsOf(world)).map((log) => log.state)
    expect(states).toContain('FAILURE')
    await world.store.query(`update site set body = 'good' where body = 'bad'`)
    await world.calm()
    expect((await linesOf(world))?.filter((line) => line.endsWith('good'))).toHaveLength(3)
  })

  test('fails the object that cannot be written, and keeps what was applied of it', async () => {
    const world = await newWorld({ backends: [lines] })
    await world.store.query(`insert into site (id, body) values (1, 'x'), (2, 'x')`)
    await world.work()
    await world.calm()
    await world.store.query(
      `update site set body = case id when 1 then 'throw' else 'y' end; insert into site (id, body) values (3, 'throw')`,
    )
    await until('the good one is applied', async () => (await linesOf(world))?.includes('2 a.org y') === true)
    await until('the others have failed', async () => {
      const failed = (await world.operations()).filter((one) => one.outcome === 'failure')
      return failed.length === 2
    })
    expect(await linesOf(world)).toEqual(['1 a.org x', '2 a.org y'])
    const errors = (await world.operations()).flatMap((one) => one.error ?? [])
    expect(errors.join()).toContain('site 1 has no form')
    expect(errors.join()).toContain('site 3 has no form')
    await world.store.query(`delete from site where body = 'throw'`)
    await world.calm()
    expect(await linesOf(world)).toEqual(['2 a.org y'])
  })

  test('says that the check fails without its changes too, and tries no halves then', async () => {
    const broken = defineBackend({
      name: 'broken',
      model: Site,
      sync: (script, objects) =>
        script.file(
          'all',
          objects.map((site) => `${site.id}\n`),
          { check: sh`test ! -e broken` },
        ),
    })
    const world = await newWorld({ backends: [broken] })
    await writeFile(join(world.directory, 'here/broken'), '')
    await world.store.query(`insert into site (id) select n from generate_series(1, 50) n`)
    await world.collect()
    await world.work()
    await until('all have failed', async () => {
      const operations = await world.operations()
      return operations.every((one) => one.error?.includes('fails without the change too') === true)
    })
    const [log] = await logsOf(world)
    const listed = await world.store.query<{ count: number }>(
      'select count(*)::int as count from orchestra.log_operation where log_id = $1',
      [log?.id],
    )
    expect(listed).toEqual([{ count: 50 }])
  })

  test('brings a file of many parts, in the order of prepare, objects and commit', async () => {
    const large = defineBackend({
      name: 'large',
      model: Site,
      prepare: (script) => script.run(sh`echo prepared >>steps`),
      sync(script, objects) {
        script.file('first', 'small\n')
        script.file('large', ['<\n', objects.map((site) => `${site.id} ${'é'.repeat(5_000)}\n`), '>\n'], {
          mode: '0640',
        })
        script.file(
          'second',
          objects.map((site) => [`${site.id}`, '\n']),
        )
      },
      commit: (script) => script.run(sh`echo committed >>steps`),
    })
    const world = await newWorld({ backends: [large] })
    await world.store.query(`insert into site (id) select n from generate_series(1, 1500) n`)
    await world.collect()
    await world.work()
    await world.calm(60_000)
    const at = (name: string) => join(world.directory, 'here', name)
    const text = await readFile(at('large'), 'utf8')
    expect(text.startsWith('<\n')).toBe(true)
    expect(text.endsWith('\n>\n')).toBe(true)
    expect(text.split('\n').slice(1, -2).toSorted()).toEqual(
      Array.from({ length: 1500 }, (_, at) => `${at + 1} ${'é'.repeat(5_000)}`).toSorted(),
    )
    expect((await readFile(at('second'), 'utf8')).split('\n')).toHaveLength(1501)
    expect(await readFile(at('steps'), 'utf8')).toBe('prepared\ncommitted\n')
    expect(await logsOf(world)).toHaveLength(1)
    const left = await readdir(at('.orchestra-state'), { recursive: true })
    expect(left.filter((name) => /ahead.|litter/.test(name))).toEqual([])
    const before = await statOf(at('large'))
    expect(before.mode).toBe(0o640)
    await world.store.query(`update site set plan = 'gold'`)
    await world.calm(60_000)
    expect(await statOf(at('large'))).toEqual(before)
  })
})

async function statOf(path: string) {
  const { ino, mode } = await stat(path)
  return { ino, mode: mode & 0o7777 }
}
