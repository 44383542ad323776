import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import { type NewSite, type Sites, uniqueViolation } from './sites.ts'

export function openSites(orchestra: Orchestra, connectionString: string): Sites {
  const pool = orchestra.pool(new pg.Pool({ connectionString, max: 5 }))
  return sitesOf(orchestra, pool)
}

export function sitesOf(orchestra: Orchestra, pool: pg.Pool): Sites {
  async function transaction<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await pool.connect()
    try {
      await client.query('begin')
      const result = await work(client)
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback')
      throw error
    } finally {
      client.release()
    }
  }

  async function create({ domain, plan, note }: NewSite, on: Pick<pg.Pool, 'query'> = pool): Promise<number> {
    const { rows } = await on.query<{ id: number }>(
      'insert into site (domain, plan, note) values ($1, $2, $3) returning id',
      [domain, plan, note],
    )
    return onlyId(rows)
  }

  async function update(id: number, plan: string): Promise<void> {
    await pool.query('update site set plan = $1 where id = $2', [plan, id])
  }

  async function remove(id: number): Promise<void> {
    await pool.query('delete from site where id = $1', [id])
  }

  function createLabelled(site: NewSite, labels: string[]): Promise<number> {
    return transaction(async (client) => {
      const id = await create(site, client)
      const { rows } = await client.query<{ id: number }>(
        'insert into label (name) select unnest($1::text[]) returning id',
        [labels],
      )
      await client.query('insert into site_label (site_id, label_id) select $1, unnest($2::integer[])', [
        id,
        rows.map((label) => label.id),
      ])
      return id
    })
  }

  function upgrade(id: number, pay: () => Promise<void>): Promise<void> {
    return transaction(async (client) => {
      await client.query(`update site set plan = 'pro' where id = $1`, [id])
      await pay()
    })
  }

  function importEach(sites: NewSite[]): Promise<number[]> {
    return transaction(async (client) => {
      const ids: number[] = []
      for (const site of sites) {
        await client.query('savepoint one')
        try {
          ids.push(await create(site, client))
          await client.query('release savepoint one')
        } catch (error) {
          if (!(error instanceof pg.DatabaseError) || error.code !== uniqueViolation) throw error
          await client.query('rollback to savepoint one')
        }
      }
      return ids
    })
  }

  async function createAll(sites: NewSite[]): Promise<number[]> {
    const { rows } = await pool.query<{ id: number }>(
      `insert into site (domain, plan, note)
       select * from unnest($1::text[], $2::text[], $3::text[]) returning id`,
      [sites.map((site) => site.domain), sites.map((site) => site.plan), sites.map((site) => site.note)],
    )
    return rows.map((row) => row.id)
  }

  async function updateAll(ids: number[], plan: string): Promise<void> {
    await pool.query('update site set plan = $1 where id = any($2)', [plan, ids])
  }

  async function put({ domain, plan, note }: NewSite): Promise<number> {
    const { rows } = await pool.query<{ id: number }>(
      `insert into site (domain, plan, note) values ($1, $2, $3)
       on conflict (domain) do update set plan = excluded.plan, note = excluded.note returning id`,
      [domain, plan, note],
    )
    return onlyId(rows)
  }

  function label(id: number, labelIds: number[]): Promise<void> {
    return transaction(async (client) => {
      await client.query('delete from site_label where site_id = $1', [id])
      await client.query('insert into site_label (site_id, label_id) select $1, unnest($2::integer[])', [
        id,
        labelIds,
      ])
    })
  }

  function createPlanned(site: NewSite) {
    return transaction(async (client) => {
      const id = await create(site, client)
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
    close: () => pool.end(),
  }
}

function onlyId(rows: readonly { id: number }[]): number {
  const [row] = rows
  if (row === undefined) throw new Error('Postgres answered no row')
  return row.id
}
