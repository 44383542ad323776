import fc from 'fast-check'
import { expect, test } from 'vitest'
import { installCapture } from '../../src/capture/index.ts'
import type { Queryable } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'
import { site, siteTables, takeChanges } from './support.ts'

const id = fc.integer({ min: 1, max: 6 })
const word = fc.constantFrom('a', 'b', 'c')

/** Statements of every kind; few ids and words, so that many of them meet and many change nothing. */
const statement = fc.oneof(
  fc
    .tuple(id, word)
    .map(
      ([n, w]) =>
        `insert into site (id, domain) values (${n}, '${w}') on conflict (id) do update set domain = excluded.domain`,
    ),
  fc.tuple(id, word).map(([n, w]) => `update site set domain = '${w}', hits = hits + 1 where id <= ${n}`),
  fc
    .tuple(id, id)
    .map(
      ([n, m]) =>
        `update site set id = ${m} where id = ${n} and not exists (select from site where id = ${m}) and not exists (select from site_alias where site_id = ${n})`,
    ),
  id.map((n) => `delete from site where id = ${n}`),
  fc
    .tuple(id, word)
    .map(
      ([n, w]) =>
        `insert into site_alias (site_id, domain) select max(id), '${w}' from site where id <= ${n} union all select null, 'x'`,
    ),
  fc
    .tuple(id, id)
    .map(
      ([n, m]) =>
        `update site_alias set site_id = (select max(id) from site where id <= ${n}), checked_at = now() where id % 3 = ${m} % 3`,
    ),
  fc.tuple(id, word).map(([n, w]) => `update site_alias set domain = '${w}' where site_id = ${n}`),
  id.map((n) => `delete from site_alias where id % 4 = ${n} % 4`),
  fc
    .tuple(id, word)
    .map(
      ([n, w]) =>
        `merge into site using (select ${n} as id) s on site.id = s.id when matched and domain = '${w}' then delete when matched then update set domain = '${w}' when not matched then insert (id, domain) values (s.id, '${w}')`,
    ),
  fc.constant('truncate site_alias'),
)

/** Every site with all that counts as its state, those included that only an alias tells of. */
async function states(db: Queryable): Promise<Map<string, string>> {
  const rows = await db.query<{ id: string; state: string }>(
    `select s.id::text as id, s.domain || ' ' || coalesce((
       select string_agg(a.id || '=' || coalesce(a.domain, ''), ',' order by a.id) from site_alias a where a.site_id = s.id
     ), '') as state from site s`,
  )
  return new Map(rows.map((row) => [row.id, row.state]))
}

function difference(before: Map<string, string>, after: Map<string, string>): string[] {
  const ids = new Set([...before.keys(), ...after.keys()])
  return [...ids].filter((one) => before.get(one) !== after.get(one)).sort()
}

describeStores('whatever statements run', (open) => {
  test('capture names exactly the objects whose state they changed', async () => {
    const store = await open()
    await store.query(siteTables)
    await installCapture(store, [site])
    await fc.assert(
      fc.asyncProperty(fc.array(statement, { minLength: 5, maxLength: 15 }), async (statements) => {
        for (const sql of statements) {
          const before = await states(store)
          await store.query(sql)
          const taken = await takeChanges(store)
          // A truncate names its model alone.
          if (taken.includes('truncate site')) continue
          const named = taken.map((change) => change.split(':')[1] ?? '')
          expect([...new Set(named)].sort(), sql).toEqual(difference(before, await states(store)))
        }
      }),
      { numRuns: 25 },
    )
  }, 60_000)
})
