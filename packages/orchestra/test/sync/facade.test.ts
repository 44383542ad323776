import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Orchestra, OrchestraError } from '../../src/index.ts'
import { planMake, syncShow, syncStart } from '../../src/operate/index.ts'
import type { Store } from '../../src/store/index.ts'
import { ask, askerOf } from '../operate/world.ts'
import { describeStores, testKey } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

const AUDITED = `select actor, target, detail from orchestra.audit where action = 'sync.start' order by id`

async function lastSync(store: Store): Promise<{ id: number }> {
  const [row] = await store.query<{ id: number }>('select max(id)::int as id from orchestra.sync')
  return { id: row?.id ?? 0 }
}

function codeOf(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => undefined,
    (error: unknown) => (error instanceof OrchestraError ? error.code : error),
  )
}

describeStores('an application', (open) => {
  const build = useWorlds(open)

  it('asks by verbs: it is answered, refused and audited as whoever asks by the command', async () => {
    const world = await build()
    await world.work()
    const orchestra = await Orchestra.open(world.config, {
      databaseUrl: world.store.databaseUrl,
      key: testKey,
    })
    const asker = { ...askerOf(world), face: 'function' as const }
    try {
      await world.store.query(`insert into site (id, domain) values (1, 'a.org')`)
      await world.calm()
      await writeFile(join(world.directory, 'here/sites/1'), 'by hand')
      const findings = await orchestra.checkNow({ object: 'site:1', actor: 'alice' })
      expect(findings).toMatchObject([{ object: 'site:1', state: 'drifted' }])
      const { id: check } = await lastSync(world.store)
      expect(await ask(syncShow, { id: check }, asker)).toMatchObject({ mode: 'check', findings })

      const answer = await orchestra.sync({ server: 'here', actor: 'bob', allowDeletes: 3 })
      expect(await ask(syncShow, { id: answer.id }, asker)).toEqual(answer)
      await world.store.query(`update site set domain = 'b.org'`)
      await world.calm()
      expect(await orchestra.plan({ model: 'site' })).toEqual(await ask(planMake, { model: 'site' }, asker))

      const refused = [{ object: 'site:99' }, { server: 'nowhere' }, { model: 'none' }, { server: 'a\nb' }]
      for (const given of refused) {
        const same = expect.objectContaining({ code: await codeOf(ask(syncStart, given, asker)) })
        await expect(orchestra.sync(given)).rejects.toEqual(same)
        await expect(orchestra.plan(given)).rejects.toEqual(same)
      }
      expect(await world.store.query(AUDITED)).toEqual([
        { actor: 'alice', target: 'site:1', detail: { mode: 'check', sync: check } },
        { actor: 'bob', target: 'server here', detail: { mode: 'sync', sync: answer.id, allowDeletes: 3 } },
      ])
    } finally {
      await orchestra.close()
    }
  })

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
