import createKnex from 'knex'
import { Model, UniqueViolationError } from 'objection'
import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import type { NewSite, Sites } from './sites.ts'

class Label extends Model {
  static override tableName = 'label'
  declare id: number
  declare name: string
}

class Site extends Model {
  static override tableName = 'site'
  declare id: number
  declare domain: string
  declare plan: string
  declare note: string
  declare labels?: Label[]

  static override relationMappings = {
    labels: {
      relation: Model.ManyToManyRelation,
      modelClass: Label,
      join: {
        from: 'site.id',
        through: { from: 'site_label.site_id', to: 'site_label.label_id' },
        to: 'label.id',
      },
    },
  }
}

export function openSites(orchestra: Orchestra, connectionString: string): Sites {
  const pool = orchestra.pool(new pg.Pool({ connectionString, max: 5 }))
  const knex = createKnex({ client: 'pg', connectionPool: pool })
  const Sites = Site.bindKnex(knex)

  async function create(site: NewSite): Promise<number> {
    const { id } = await Sites.query().insert(site)
    return id
  }

  async function update(id: number, plan: string): Promise<void> {
    const site = await Sites.query().findById(id).throwIfNotFound()
    await site.$query().patch({ plan })
  }

  async function remove(id: number): Promise<void> {
    await Sites.query().deleteById(id)
  }

  async function createLabelled(site: NewSite, names: string[]): Promise<number> {
    const graph = { ...site, labels: names.map((name) => ({ name })) }
    const { id } = await Sites.transaction(async (trx) => Sites.query(trx).insertGraph(graph))
    return id
  }

  function upgrade(id: number, pay: () => Promise<void>): Promise<void> {
    return Sites.transaction(async (trx) => {
      await Sites.query(trx).findById(id).patch({ plan: 'pro' })
      await pay()
    })
  }

  function importEach(sites: NewSite[]): Promise<number[]> {
    return Sites.transaction(async (trx) => {
      const ids: number[] = []
      for (const site of sites) {
        try {
          const { id } = await Sites.transaction(trx, async (savepoint) =>
            Sites.query(savepoint).insert(site),
          )
          ids.push(id)
        } catch (error) {
          if (!(error instanceof UniqueViolationError)) throw error
        }
      }
      return ids
    })
  }

  async function createAll(sites: NewSite[]): Promise<number[]> {
    const rows = await Sites.query().insert(sites)
    return rows.map(({ id }) => id)
  }

  async function updateAll(ids: number[], plan: string): Promise<void> {
    await Sites.query().findByIds(ids).patch({ plan })
  }

  async function put(site: NewSite): Promise<number> {
    const { id } = await Sites.query().insert(site).onConflict('domain').merge(['plan', 'note'])
    return id
  }

  function label(id: number, labelIds: number[]): Promise<void> {
    return Sites.transaction(async (trx) => {
      const labels = labelIds.map((one) => ({ id: one }))
      await Sites.query(trx).upsertGraph({ id, labels }, { relate: true, unrelate: true })
    })
  }

  function createPlanned(site: NewSite) {
    return Sites.transaction(async (trx) => {
      const { id } = await Sites.query(trx).insert(site)
      const plan = await orchestra.currentUnit()?.plan()
      return { id, plan }
    })
  }

  return {
    create,
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
    close: async () => {
      await knex.destroy()
      await pool.end()
    },
  }
}
