import { expect, it } from 'vitest'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

describeStores('two collectors', (open, kind) => {
  const build = useWorlds(open)

  it('never write down an older state of an object behind a newer one', async () => {
    if (kind === 'pglite') return
    const world = await build({ servers: ['here', 'there'] })
    await world.store.query(`
      create table seen (nth bigint generated always as identity, object text, body integer);
      create function note_operation() returns trigger language plpgsql as $$ begin
        insert into seen (object, body) values (new.object_key || ' on ' || new.server_id, (new.snapshot->>'body')::int);
        return null;
      end $$;
      create trigger note after insert or update of snapshot on orchestra.operation for each row execute function note_operation()`)
    await world.store.query(`insert into site (id, body) select n, '0' from generate_series(1, 10) n`)
    let isWriting = true
    const collect = async () => {
      const collector = world.collector()
      while (isWriting || (await world.store.query('select from orchestra.change')).length > 0)
        await collector.look()
    }
    const write = async (own: number) => {
      for (let n = 1; n <= 150; n++)
        await world.store.query(`update site set body = (body::int + 1)::text where id % 3 = $1`, [own])
    }
    const collecting = [collect(), collect()]
    await Promise.all([write(0), write(1), write(2)])
    isWriting = false
    await Promise.all(collecting)
    const seen = await world.store.query<{ object: string; body: number }>('select * from seen order by nth')
    for (const own of Map.groupBy(seen, (row) => row.object).values()) {
      const bodies = own.map((row) => row.body)
      expect(bodies).toEqual(bodies.toSorted((one, other) => one - other))
      expect(bodies.at(-1)).toBe(150)
    }
    const operations = await world.operations()
    expect(operations.map(({ state }) => state)).toEqual(Array(20).fill('waiting'))
  })
})
