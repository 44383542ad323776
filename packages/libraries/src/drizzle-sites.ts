import { DrizzleQueryError, eq, inArray } from 'drizzle-orm'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type { Orchestra } from 'orchestrajs'
import { label, site, siteLabel } from './drizzle-tables.ts'
import { type NewSite, type Sites, uniqueViolation } from './sites.ts'

/** What the application does, the same on every driver of Drizzle's. */
export function drizzleSites(orchestra: Orchestra, db: PgDatabase<PgQueryResultHKT>): Omit<Sites, 'close'> {
  async function create(values: NewSite): Promise<number> {
    const [row] = await db.insert(site).values(values).returning({ id: site.id })
    return idOf(row)
  }

  async function update(id: number, plan: string): Promise<void> {
    await db.update(site).set({ plan }).where(eq(site.id, id))
  }

  async function remove(id: number): Promise<void> {
    await db.delete(site).where(eq(site.id, id))
  }

  function createLabelled(values: NewSite, names: string[]): Promise<number> {
    return db.transaction(async (tx) => {
      const [row] = await tx.insert(site).values(values).returning({ id: site.id })
      const siteId = idOf(row)
      const labels = await tx
        .insert(label)
        .values(names.map((name) => ({ name })))
        .returning({ labelId: label.id })
      await tx.insert(siteLabel).values(labels.map(({ labelId }) => ({ siteId, labelId })))
      return siteId
    })
  }

  function upgrade(id: number, pay: () => Promise<void>): Promise<void> {
    return db.transaction(async (tx) => {
      await tx.update(site).set({ plan: 'pro' }).where(eq(site.id, id))
      await pay()
    })
  }

  function importEach(sites: NewSite[]): Promise<number[]> {
    return db.transaction(async (tx) => {
      const ids: number[] = []
      for (const values of sites) {
        try {
          const [row] = await tx.transaction((savepoint) =>
            savepoint.insert(site).values(values).returning({ id: site.id }),
          )
          ids.push(idOf(row))
        } catch (error) {
          if (!isTaken(error)) throw error
        }
      }
      return ids
    })
  }

  async function createAll(sites: NewSite[]): Promise<number[]> {
    const rows = await db.insert(site).values(sites).returning({ id: site.id })
    return rows.map(({ id }) => id)
  }

  async function updateAll(ids: number[], plan: string): Promise<void> {
    await db.update(site).set({ plan }).where(inArray(site.id, ids))
  }

  async function put(values: NewSite): Promise<number> {
    const { plan, note } = values
    const [row] = await db
      .insert(site)
      .values(values)
      .onConflictDoUpdate({ target: site.domain, set: { plan, note } })
      .returning({ id: site.id })
    return idOf(row)
  }

  function setLabels(siteId: number, labelIds: number[]): Promise<void> {
    return db.transaction(async (tx) => {
      await tx.delete(siteLabel).where(eq(siteLabel.siteId, siteId))
      await tx.insert(siteLabel).values(labelIds.map((labelId) => ({ siteId, labelId })))
    })
  }

  function createPlanned(values: NewSite) {
    return db.transaction(async (tx) => {
      const [row] = await tx.insert(site).values(values).returning({ id: site.id })
      const plan = await orchestra.currentUnit()?.plan()
      return { id: idOf(row), plan }
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
    label: setLabels,
    createPlanned,
  }
}

function idOf(row: { id: number } | undefined): number {
  if (row === undefined) throw new Error('Postgres answered no row')
  return row.id
}

/** Drizzle wraps the driver's error. */
function isTaken(error: unknown): boolean {
  if (!(error instanceof DrizzleQueryError) || error.cause === undefined) return false
  return 'code' in error.cause && error.cause.code === uniqueViolation
}
