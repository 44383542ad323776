import {
  createPostgreSqlTypeParsers,
  defineEntity,
  MikroORM,
  p,
  UniqueConstraintViolationException,
} from '@mikro-orm/postgresql'
import { PostgresDialect } from 'kysely'
import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import type { NewSite, Sites } from './sites.ts'

const Label = defineEntity({
  name: 'Label',
  tableName: 'label',
  properties: { id: p.integer().primary(), name: p.text().unique() },
})

const Site = defineEntity({
  name: 'Site',
  tableName: 'site',
  properties: {
    id: p.integer().primary(),
    domain: p.text().unique(),
    plan: p.text().default('basic'),
    note: p.text().default(''),
    labels: () =>
      p.manyToMany(Label).pivotTable('site_label').joinColumn('site_id').inverseJoinColumn('label_id'),
  },
})

/** MikroORM wants dates as Postgres writes them, and says so to the pools that it makes itself. */
function typesOfMikroOrm(): pg.TypeOverrides {
  const types = new pg.TypeOverrides()
  const parsers = createPostgreSqlTypeParsers(pg.types.getTypeParser(TEXT_ARRAY))
  for (const [oid, parse] of Object.entries(parsers)) types.setTypeParser(Number(oid), parse)
  return types
}

const TEXT_ARRAY: number = 1009

export async function openSites(orchestra: Orchestra, connectionString: string): Promise<Sites> {
  const types = typesOfMikroOrm()
  const pool = orchestra.pool(new pg.Pool({ connectionString, max: 5, types }))
  const orm = await MikroORM.init({
    entities: [Site, Label],
    dbName: new URL(connectionString).pathname.slice(1),
    driverOptions: new PostgresDialect({ pool }),
  })

  async function create(site: NewSite, em = orm.em.fork()): Promise<number> {
    const row = em.create(Site, site)
    await em.persist(row).flush()
    return row.id
  }

  async function update(id: number, plan: string): Promise<void> {
    const em = orm.em.fork()
    const row = await em.findOneOrFail(Site, id)
    row.plan = plan
    await em.flush()
  }

  async function remove(id: number): Promise<void> {
    const em = orm.em.fork()
    await em.remove(em.getReference(Site, id)).flush()
  }

  /** One flush is one transaction. */
  async function createLabelled(site: NewSite, names: string[]): Promise<number> {
    const em = orm.em.fork()
    const labels = names.map((name) => em.create(Label, { name }))
    const row = em.create(Site, { ...site, labels })
    await em.persist(row).flush()
    return row.id
  }

  function upgrade(id: number, pay: () => Promise<void>): Promise<void> {
    return orm.em.fork().transactional(async (em) => {
      await em.nativeUpdate(Site, { id }, { plan: 'pro' })
      await pay()
    })
  }

  function importEach(sites: NewSite[]): Promise<number[]> {
    return orm.em.fork().transactional(async (em) => {
      const ids: number[] = []
      for (const site of sites) {
        try {
          ids.push(await em.transactional((savepoint) => savepoint.insert(Site, site)))
        } catch (error) {
          if (!(error instanceof UniqueConstraintViolationException)) throw error
        }
      }
      return ids
    })
  }

  async function createAll(sites: NewSite[]): Promise<number[]> {
    const em = orm.em.fork()
    const rows = sites.map((site) => em.create(Site, site))
    await em.persist(rows).flush()
    return rows.map(({ id }) => id)
  }

  async function updateAll(ids: number[], plan: string): Promise<void> {
    await orm.em.fork().nativeUpdate(Site, { id: { $in: ids } }, { plan })
  }

  async function put(site: NewSite): Promise<number> {
    const { id } = await orm.em.fork().upsert(Site, site)
    return id
  }

  async function label(id: number, labelIds: number[]): Promise<void> {
    const em = orm.em.fork()
    const row = await em.findOneOrFail(Site, id, { populate: ['labels'] })
    row.labels.set(labelIds.map((labelId) => em.getReference(Label, labelId)))
    await em.flush()
  }

  function createPlanned(site: NewSite) {
    return orm.em.fork().transactional(async (em) => {
      const id = await create(site, em)
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
    close: () => orm.close(),
  }
}
