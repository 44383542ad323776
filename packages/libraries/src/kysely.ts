import { type ControlledTransaction, type Generated, Kysely, PostgresDialect, type Transaction } from 'kysely'
import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import { type NewSite, type Sites, uniqueViolation } from './sites.ts'

interface Tables {
  site: { id: Generated<number>; domain: string; plan: string; note: string }
  label: { id: Generated<number>; name: string }
  site_label: { site_id: number; label_id: number }
}

export function openSites(orchestra: Orchestra, connectionString: string): Sites {
  const pool = orchestra.pool(new pg.Pool({ connectionString, max: 5 }))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })

  async function create(site: NewSite, on: Kysely<Tables> = db): Promise<number> {
    const { id } = await on.insertInto('site').values(site).returning('id').executeTakeFirstOrThrow()
    return id
  }

  async function update(id: number, plan: string): Promise<void> {
    await db.updateTable('site').set({ plan }).where('id', '=', id).execute()
  }

  async function remove(id: number): Promise<void> {
    await db.deleteFrom('site').where('id', '=', id).execute()
  }

  function createLabelled(site: NewSite, names: string[]): Promise<number> {
    return db.transaction().execute(async (trx) => {
      const id = await create(site, trx)
      const labels = await trx
        .insertInto('label')
        .values(names.map((name) => ({ name })))
        .returning('id')
        .execute()
      await carry(
        trx,
        id,
        labels.map((label) => label.id),
      )
      return id
    })
  }

  async function carry(trx: Transaction<Tables>, site_id: number, labelIds: number[]): Promise<void> {
    const links = labelIds.map((label_id) => ({ site_id, label_id }))
    await trx.insertInto('site_label').values(links).execute()
  }

  function upgrade(id: number, pay: () => Promise<void>): Promise<void> {
    return db.transaction().execute(async (trx) => {
      await trx.updateTable('site').set({ plan: 'pro' }).where('id', '=', id).execute()
      await pay()
    })
  }

  async function importEach(sites: NewSite[]): Promise<number[]> {
    const trx = await db.startTransaction().execute()
    try {
      const ids: number[] = []
      for (const site of sites) ids.push(...(await createUnlessTaken(site, trx)))
      await trx.commit().execute()
      return ids
    } catch (error) {
      await trx.rollback().execute()
      throw error
    }
  }

  async function createUnlessTaken(site: NewSite, trx: ControlledTransaction<Tables>): Promise<number[]> {
    const inside = await trx.savepoint('one').execute()
    try {
      const id = await create(site, inside)
      await inside.releaseSavepoint('one').execute()
      return [id]
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== uniqueViolation) throw error
      await inside.rollbackToSavepoint('one').execute()
      return []
    }
  }

  async function createAll(sites: NewSite[]): Promise<number[]> {
    const rows = await db.insertInto('site').values(sites).returning('id').execute()
    return rows.map(({ id }) => id)
  }

  async function updateAll(ids: number[], plan: string): Promise<void> {
    await db.updateTable('site').set({ plan }).where('id', 'in', ids).execute()
  }

  async function put(site: NewSite): Promise<number> {
    const { plan, note } = site
    const { id } = await db
      .insertInto('site')
      .values(site)
      .onConflict((conflict) => conflict.column('domain').doUpdateSet({ plan, note }))
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }

  function setLabels(id: number, labelIds: number[]): Promise<void> {
    return db.transaction().execute(async (trx) => {
      await trx.deleteFrom('site_label').where('site_id', '=', id).execute()
      await carry(trx, id, labelIds)
    })
  }

  function createPlanned(site: NewSite) {
    return db.transaction().execute(async (trx) => {
      const id = await create(site, trx)
      const plan = await orchestra.currentUnit()?.plan()
      return { id, plan }
    })
  }

  return {
    create: (site) => create(site),
    update,
    remove,
    createLabelled,
    upgrade,
    importEach,
    createAll,
    updateAll,
    put,
    label: setLabels,
    createPlanned,
    close: () => db.destroy(),
  }
}
