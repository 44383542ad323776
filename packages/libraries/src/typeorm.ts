import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import { DataSource, EntitySchema, In, QueryFailedError } from 'typeorm'
import { type NewSite, type Sites, uniqueViolation } from './sites.ts'

interface LabelRow {
  id: number
  name: string
}

interface SiteRow extends NewSite {
  id: number
  labels: LabelRow[]
}

const Label = new EntitySchema<LabelRow>({
  name: 'Label',
  tableName: 'label',
  columns: { id: { type: 'integer', primary: true, generated: true }, name: { type: 'text', unique: true } },
})

const Site = new EntitySchema<SiteRow>({
  name: 'Site',
  tableName: 'site',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    domain: { type: 'text', unique: true },
    plan: { type: 'text', default: 'basic' },
    note: { type: 'text', default: '' },
  },
  relations: {
    labels: {
      type: 'many-to-many',
      target: 'Label',
      joinTable: {
        name: 'site_label',
        joinColumn: { name: 'site_id' },
        inverseJoinColumn: { name: 'label_id' },
      },
    },
  },
})

export async function openSites(orchestra: Orchestra, url: string): Promise<Sites> {
  const source = new DataSource({
    type: 'postgres',
    driver: orchestra.driver(pg),
    url,
    poolSize: 5,
    entities: [Site, Label],
  })
  await source.initialize()
  return { ...typeormSites(orchestra, source), close: () => source.destroy() }
}

export const entities = [Site, Label]

/** What the application does with its database. */
export function typeormSites(orchestra: Orchestra, source: DataSource): Omit<Sites, 'close'> {
  async function create(site: NewSite): Promise<number> {
    const { id } = await source.manager.save(Site, { ...site })
    return id
  }

  async function update(id: number, plan: string): Promise<void> {
    await source.manager.update(Site, { id }, { plan })
  }

  async function remove(id: number): Promise<void> {
    await source.manager.delete(Site, { id })
  }

  function createLabelled(site: NewSite, names: string[]): Promise<number> {
    return source.transaction(async (manager) => {
      const labels = await manager.save(
        Label,
        names.map((name) => ({ name })),
      )
      const { id } = await manager.save(Site, { ...site, labels })
      return id
    })
  }

  function upgrade(id: number, pay: () => Promise<void>): Promise<void> {
    return source.transaction(async (manager) => {
      await manager.update(Site, { id }, { plan: 'pro' })
      await pay()
    })
  }

  function importEach(sites: NewSite[]): Promise<number[]> {
    return source.transaction(async (manager) => {
      const ids: number[] = []
      for (const site of sites) {
        try {
          const { id } = await manager.transaction((savepoint) => savepoint.save(Site, { ...site }))
          ids.push(id)
        } catch (error) {
          if (!isTaken(error)) throw error
        }
      }
      return ids
    })
  }

  async function createAll(sites: NewSite[]): Promise<number[]> {
    const { identifiers } = await source.manager.insert(Site, sites)
    return identifiers.map(({ id }) => id)
  }

  async function updateAll(ids: number[], plan: string): Promise<void> {
    await source.manager.update(Site, { id: In(ids) }, { plan })
  }

  async function put(site: NewSite): Promise<number> {
    const { identifiers } = await source.manager.upsert(Site, site, ['domain'])
    return identifiers[0]?.id
  }

  async function label(id: number, labelIds: number[]): Promise<void> {
    const site = await source.manager.findOneOrFail(Site, { where: { id }, relations: { labels: true } })
    site.labels = await source.manager.findBy(Label, { id: In(labelIds) })
    await source.manager.save(Site, site)
  }

  function createPlanned(site: NewSite) {
    return source.transaction(async (manager) => {
      const { id } = await manager.save(Site, { ...site })
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
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof QueryFailedError && error.driverError.code === uniqueViolation
}
