import { PrismaPg } from '@prisma/adapter-pg'
import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import { Prisma, PrismaClient } from './prisma/generated/client.ts'
import type { NewSite, Sites } from './sites.ts'

export function openSites(orchestra: Orchestra, connectionString: string): Sites {
  const pool = orchestra.pool(new pg.Pool({ connectionString, max: 5 }))
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    transactionOptions: { maxWait: 60_000, timeout: 60_000 },
  })

  async function create(site: NewSite, on: Prisma.TransactionClient = prisma): Promise<number> {
    const { id } = await on.site.create({ data: site })
    return id
  }

  async function update(id: number, plan: string): Promise<void> {
    await prisma.site.update({ where: { id }, data: { plan } })
  }

  async function remove(id: number): Promise<void> {
    await prisma.site.delete({ where: { id } })
  }

  /** Prisma writes what is nested in one transaction. */
  async function createLabelled(site: NewSite, names: string[]): Promise<number> {
    const labels = { create: names.map((name) => ({ label: { create: { name } } })) }
    const { id } = await prisma.site.create({ data: { ...site, labels } })
    return id
  }

  function upgrade(id: number, pay: () => Promise<void>): Promise<void> {
    return prisma.$transaction(async (tx) => {
      await tx.site.update({ where: { id }, data: { plan: 'pro' } })
      await pay()
    })
  }

  function importEach(sites: NewSite[]): Promise<number[]> {
    return prisma.$transaction(async (tx) => {
      const ids: number[] = []
      for (const site of sites) {
        await tx.$executeRaw`savepoint one`
        try {
          ids.push(await create(site, tx))
        } catch (error) {
          if (!isTaken(error)) throw error
          await tx.$executeRaw`rollback to savepoint one`
        }
      }
      return ids
    })
  }

  async function createAll(sites: NewSite[]): Promise<number[]> {
    const rows = await prisma.site.createManyAndReturn({ data: sites, select: { id: true } })
    return rows.map(({ id }) => id)
  }

  async function updateAll(ids: number[], plan: string): Promise<void> {
    await prisma.site.updateMany({ where: { id: { in: ids } }, data: { plan } })
  }

  async function put(site: NewSite): Promise<number> {
    const { domain, plan, note } = site
    const { id } = await prisma.site.upsert({ where: { domain }, create: site, update: { plan, note } })
    return id
  }

  async function label(id: number, labelIds: number[]): Promise<void> {
    await prisma.$transaction([
      prisma.siteLabel.deleteMany({ where: { siteId: id } }),
      prisma.siteLabel.createMany({ data: labelIds.map((labelId) => ({ siteId: id, labelId })) }),
    ])
  }

  function createPlanned(site: NewSite) {
    return prisma.$transaction(async (tx) => {
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
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/** `P2002`: Prisma's code of a key that is taken. */
function isTaken(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
}
