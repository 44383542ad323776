import createKnex, { type Knex } from 'knex'
import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import { type NewSite, type Sites, uniqueViolation } from './sites.ts'

export function openSites(orchestra: Orchestra, connectionString: string): Sites {
  const pool = orchestra.pool(new pg.Pool({ connectionString, max: 5 }))
  const knex = createKnex({ client: 'pg', connectionPool: pool })
  const close = async () => {
    await knex.destroy()
    await pool.end()
  }
  return { ...sitesOf(orchestra, knex), close }
}

export function sitesOf(orchestra: Orchestra, knex: Knex): Omit<Sites, 'close'> {
  async function create(site: NewSite, on: Knex = knex): Promise<number> {
    const [row] = await on('site').insert(site).returning('id')
    return row.id
  }

  async function update(id: number, plan: string): Promise<void> {
    await knex('site').where({ id }).update({ plan })
  }

  async function remove(id: number): Promise<void> {
    await knex('site').where({ id }).delete()
  }

  function createLabelled(site: NewSite, names: string[]): Promise<number> {
    return knex.transaction(async (trx) => {
      const id = await create(site, trx)
      const labels = await trx('label')
        .insert(names.map((name) => ({ name })))
        .returning('id')
      await trx('site_label').insert(labels.map((label) => ({ site_id: id, label_id: label.id })))
      return id
    })
  }

  function upgrade(id: number, pay: () => Promise<void>): Promise<void> {
    return knex.transaction(async (trx) => {
      await trx('site').where({ id }).update({ plan: 'pro' })
      await pay()
    })
  }

  function importEach(sites: NewSite[]): Promise<number[]> {
    return knex.transaction(async (trx) => {
      const ids: number[] = []
      for (const site of sites) {
        try {
          ids.push(await trx.transaction((savepoint) => create(site, savepoint)))
        } catch (error) {
          if (!(error instanceof pg.DatabaseError) || error.code !== uniqueViolation) throw error
        }
      }
      return ids
    })
  }

  async function createAll(sites: NewSite[]): Promise<number[]> {
    const rows = await knex('site').insert(sites).returning('id')
    return rows.map((row) => row.id)
  }

  async function updateAll(ids: number[], plan: string): Promise<void> {
    await knex('site').whereIn('id', ids).update({ plan })
  }

  async function put(site: NewSite): Promise<number> {
    const [row] = await knex('site').insert(site).onConflict('domain').merge(['plan', 'note']).returning('id')
    return row.id
  }

  function label(id: number, labelIds: number[]): Promise<void> {
    return knex.transaction(async (trx) => {
      await trx('site_label').where({ site_id: id }).delete()
      await trx('site_label').insert(labelIds.map((label_id) => ({ site_id: id, label_id })))
    })
  }

  function createPlanned(site: NewSite) {
    return knex.transaction(async (trx) => {
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
    label,
    createPlanned,
  }
}
