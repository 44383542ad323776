import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import {
  auditHead,
  cleanAudit,
  exportAudit,
  linkAudit,
  readHead,
  verifyAudit,
} from '../../src/audit/index.ts'
import type { Store } from '../../src/store/index.ts'
import { describeStores } from '../support/stores.ts'

async function write(store: Store, count: number, at = 'now()'): Promise<void> {
  await store.query(
    `insert into orchestra.audit (at, actor, action, target, detail)
     select ${at}, 'alice', 'server.set', 'web' || n, jsonb_build_object('port', n, 'names', array['b', 'a'])
     from generate_series(1, $1::int) n`,
    [count],
  )
}

async function allOf<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = []
  for await (const value of values) all.push(value)
  return all
}

/** What somebody with rights on the database may do, and what is then found first. */
const tampering: [what: string, sql: string, fault: object][] = [
  ['actor', `update orchestra.audit set actor = 'bob' where id = 3`, { kind: 'changed', link: 3, entry: 3 }],
  ['action', `update orchestra.audit set action = 'x' where id = 3`, { kind: 'changed', link: 3 }],
  ['target', `update orchestra.audit set target = 'x' where id = 3`, { kind: 'changed', link: 3 }],
  [
    'detail',
    `update orchestra.audit set detail = detail || '{"port": 9}' where id = 3`,
    { kind: 'changed', link: 3 },
  ],
  ['no detail', `update orchestra.audit set detail = null where id = 3`, { kind: 'changed', link: 3 }],
  [
    'time',
    `update orchestra.audit set at = at - interval '1 microsecond' where id = 3`,
    { kind: 'changed', link: 3 },
  ],
  ['hash', `update orchestra.audit set hash = repeat('a', 64) where id = 3`, { kind: 'changed', link: 3 }],
  ['no hash', `update orchestra.audit set hash = null where id = 3`, { kind: 'changed', link: 3 }],
  [
    'hash before',
    `update orchestra.audit set prev_hash = repeat('a', 64) where id = 3`,
    { kind: 'changed', link: 3 },
  ],
  [
    'number',
    `alter table orchestra.audit alter column id drop identity;
     update orchestra.audit set id = 99 where id = 3`,
    { kind: 'changed', link: 3, entry: 99 },
  ],
  ['link', `update orchestra.audit set link = null where id = 3`, { kind: 'missing', link: 3 }],
  ['the first', 'delete from orchestra.audit where id = 1', { kind: 'missing', link: 1 }],
  ['one in the middle', 'delete from orchestra.audit where id = 3', { kind: 'missing', link: 3 }],
  ['the last', 'delete from orchestra.audit where id = 5', { kind: 'missing', link: 5 }],
  ['all', 'delete from orchestra.audit', { kind: 'missing', link: 1 }],
  [
    'the order',
    `update orchestra.audit set link = -1 where id = 2; update orchestra.audit set link = 2 where id = 4;
     update orchestra.audit set link = 4 where id = 2`,
    { kind: 'changed', link: 2, entry: 4 },
  ],
  [
    'one more behind the end',
    `insert into orchestra.audit (id, actor, action, target, link) overriding system value values (98, 'bob', 'x', 'y', 6)`,
    { kind: 'stray', link: 6 },
  ],
  [
    'the noted end',
    `update orchestra.audit_chain set head_hash = repeat('a', 64)`,
    { kind: 'head', link: 5 },
  ],
  ['the noted beginning', `update orchestra.audit_chain set anchor_link = 1`, { kind: 'unjoined', link: 2 }],
]

const KEEP = `
create table kept_audit as table orchestra.audit;
create table kept_chain as table orchestra.audit_chain`

const BRING_BACK = `
delete from orchestra.audit;
delete from orchestra.audit_chain;
insert into orchestra.audit overriding system value select * from kept_audit;
insert into orchestra.audit_chain select * from kept_chain`

describeStores('the chain of the audit', (open) => {
  it('tells what somebody changed, whatever it is', { timeout: 120_000 }, async () => {
    const store = await open()
    await write(store, 5)
    await linkAudit(store)
    await store.query(KEEP)
    for (const [what, sql, fault] of tampering) {
      expect([what, await verifyAudit(store)]).toMatchObject([
        what,
        { state: 'whole', entries: 5, fault: null },
      ])
      await store.query(sql)
      expect([what, await verifyAudit(store)]).toMatchObject([what, { state: 'broken', fault }])
      await store.query(BRING_BACK)
    }
  })

  it('tells that an entry was replaced together with its hash', async () => {
    const store = await open()
    await write(store, 3)
    await linkAudit(store)
    const [, second = {}] = await allOf(exportAudit(store))
    const { hash: _, ...record }: Record<string, unknown> = { ...second, actor: 'bob' }
    const hash = hashed(record)
    await store.query(`update orchestra.audit set actor = 'bob', hash = $1 where id = 2`, [hash])
    expect((await verifyAudit(store)).fault).toMatchObject({ kind: 'unjoined', entry: 3 })
  })

  it('tells by a head that was posted elsewhere that all of it was made anew', async () => {
    const store = await open()
    await write(store, 3)
    await linkAudit(store)
    const posted = readHead((await auditHead(store)).text)
    await write(store, 2)
    await linkAudit(store)
    expect(await verifyAudit(store, posted)).toMatchObject({ state: 'whole' })
    await store.query(`
      update orchestra.audit set link = null, actor = 'bob';
      update orchestra.audit_chain set head_link = 0, head_hash = anchor_hash`)
    await linkAudit(store)
    expect(await verifyAudit(store)).toMatchObject({ state: 'whole', entries: 5 })
    expect((await verifyAudit(store, posted)).fault).toMatchObject({ kind: 'posted', link: 3 })
  })

  it('says how many were written since it was looked at, and goes on with them', async () => {
    const store = await open()
    await write(store, 2)
    expect(await verifyAudit(store)).toMatchObject({ state: 'whole', entries: 0, unlinked: 2 })
    expect(await linkAudit(store)).toBe(2)
    await write(store, 1)
    expect(await verifyAudit(store)).toMatchObject({ state: 'whole', entries: 2, unlinked: 1 })
    expect(await linkAudit(store)).toBe(1)
    expect(await verifyAudit(store)).toMatchObject({ state: 'whole', entries: 3, unlinked: 0 })
  })

  it('takes more entries than one transaction links', async () => {
    const store = await open()
    await write(store, 2_001)
    expect(await linkAudit(store)).toBe(2_001)
    expect(await verifyAudit(store)).toMatchObject({ state: 'whole', entries: 2_001 })
  })

  it('begins behind what retention dropped, and an entry that is not old keeps those behind it', async () => {
    const store = await open()
    await write(store, 3, `now() - interval '401 days'`)
    await write(store, 1)
    await write(store, 1, `now() - interval '401 days'`)
    await write(store, 1)
    await cleanAudit(store, 400)
    const verified = await verifyAudit(store)
    expect(verified).toMatchObject({ state: 'whole', entries: 3, anchor: { link: 3 }, head: { link: 6 } })
    expect(verified.anchor.at).toMatch(/^\d{4}-/)
    await store.query('delete from orchestra.audit where id = 4')
    expect((await verifyAudit(store)).fault).toMatchObject({ kind: 'missing', link: 4 })
  })

  it('keeps its end where retention drops everything', async () => {
    const store = await open()
    await write(store, 3, `now() - interval '401 days'`)
    await cleanAudit(store, 400)
    await write(store, 1)
    await linkAudit(store)
    expect(await verifyAudit(store)).toMatchObject({ state: 'whole', entries: 1, head: { link: 4 } })
  })

  it('is left as it was by a column that a later release adds, and tells when that is changed', async () => {
    const store = await open()
    await write(store, 2)
    await linkAudit(store)
    await store.query('alter table orchestra.audit add column session text')
    expect(await verifyAudit(store)).toMatchObject({ state: 'whole', entries: 2 })
    await store.query(`update orchestra.audit set session = 'x' where id = 2`)
    expect((await verifyAudit(store)).fault).toMatchObject({ kind: 'changed', entry: 2 })
  })

  it('is exported whole, so that anybody can verify it, and by what is looked for', async () => {
    const store = await open()
    await write(store, 3)
    await linkAudit(store)
    await write(store, 1)
    const entries = await allOf(exportAudit(store))
    let before = '0'.repeat(64)
    for (const { hash, ...record } of entries.slice(0, 3)) {
      expect(record.prev_hash).toBe(before)
      expect(hash).toBe(hashed(record))
      before = String(hash)
    }
    expect(entries).toHaveLength(4)
    expect(entries[3]).not.toHaveProperty('link')
    expect(await allOf(exportAudit(store, { target: 'web2' }))).toMatchObject([{ link: 2, target: 'web2' }])
    expect(await allOf(exportAudit(store, { action: 'server', by: 'alice' }))).toHaveLength(4)
    expect(await allOf(exportAudit(store, { until: new Date(0) }))).toEqual([])
  })
})

/** Keys in their order at every level, nothing between: what a few lines in any language do. */
function hashed(record: Record<string, unknown>): string {
  const sorted = JSON.stringify(record, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  )
  return createHash('sha256').update(sorted).digest('hex')
}
