import type { Orchestra } from 'orchestrajs'
import postgres from 'postgres'
import { type NewSite, type Sites, uniqueViolation } from './sites.ts'

type Sql = postgres.ISql
type Id = { id: number }

export function openSites(orchestra: Orchestra, connectionString: string): Sites {
  const sql = orchestra.sql(postgres(connectionString, { max: 5 }))

  async function create(site: NewSite, on: Sql = sql): Promise<number> {
    const [row] = await on<[Id]>`insert into site ${on(site, 'domain', 'plan', 'note')} returning id`
    return row.id
  }

  async function update(id: number, plan: string): Promise<void> {
    await sql`update site set plan = ${plan} where id = ${id}`
  }

  async function remove(id: number): Promise<void> {
    await sql`delete from site where id = ${id}`
  }

  function createLabelled(site: NewSite, names: string[]): Promise<number> {
    return sql.begin(async (tx) => {
      const id = await create(site, tx)
      const labels = await tx<Id[]>`insert into label ${tx(names.map((name) => ({ name })))} returning id`
      await tx`insert into site_label ${tx(labels.map((label) => ({ site_id: id, label_id: label.id })))}`
      return id
    })
  }

  function upgrade(id: number, pay: () => Promise<void>): Promise<void> {
    return sql.begin(async (tx) => {
      await tx`update site set plan = 'pro' where id = ${id}`
      await pay()
    })
  }

  function importEach(sites: NewSite[]): Promise<number[]> {
    return sql.begin(async (tx) => {
      const ids: number[] = []
      for (const site of sites) {
        try {
          ids.push(await tx.savepoint((savepoint) => create(site, savepoint)))
        } catch (error) {
          if (!(error instanceof postgres.PostgresError) || error.code !== uniqueViolation) throw error
        }
      }
      return ids
    })
  }

  async function createAll(sites: NewSite[]): Promise<number[]> {
    const rows = await sql<Id[]>`insert into site ${sql(sites, 'domain', 'plan', 'note')} returning id`
    return rows.map(({ id }) => id)
  }

  async function updateAll(ids: number[], plan: string): Promise<void> {
    await sql`update site set plan = ${plan} where id in ${sql(ids)}`
  }

  async function put(site: NewSite): Promise<number> {
    const [row] = await sql<[Id]>`
      insert into site ${sql(site, 'domain', 'plan', 'note')}
      on conflict (domain) do update set plan = excluded.plan, note = excluded.note
      returning id`
    return row.id
  }

  async function label(id: number, labelIds: number[]): Promise<void> {
    const links = labelIds.map((label_id) => ({ site_id: id, label_id }))
    await sql.begin((tx) => [
      tx`delete from site_label where site_id = ${id}`,
      tx`insert into site_label ${tx(links)}`,
    ])
  }

  function createPlanned(site: NewSite) {
    return sql.begin(async (tx) => {
      const id = await create(site, tx)
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
    close: () => sql.end(),
  }
}
