import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import { sitesOf } from './pg.ts'
import { type NewSite, type Sites, uniqueViolation } from './sites.ts'

export function openSites(orchestra: Orchestra, connectionString: string): Sites {
  const pool = orchestra.pool(new pg.Pool({ connectionString, max: 5, pipeline: true }))

  /** All statements of a transaction in one round trip; where one fails, Postgres rolls back at the commit. */
  async function transaction(...statements: [text: string, values: unknown[]][]): Promise<void> {
    const client = await pool.connect()
    try {
      const sent = [
        client.query('begin'),
        ...statements.map(([text, values]) => client.query(text, values)),
        client.query('commit'),
      ]
      await Promise.allSettled(sent)
      await Promise.all(sent)
    } finally {
      client.release()
    }
  }

  function updateAll(ids: number[], plan: string): Promise<void> {
    return transaction(
      ...ids.map((id): [string, unknown[]] => ['update site set plan = $1 where id = $2', [plan, id]]),
    )
  }

  function label(id: number, labelIds: number[]): Promise<void> {
    return transaction(
      ['delete from site_label where site_id = $1', [id]],
      ['insert into site_label (site_id, label_id) select $1, unnest($2::integer[])', [id, labelIds]],
    )
  }

  async function importEach(sites: NewSite[]): Promise<number[]> {
    const client = await pool.connect()
    try {
      await client.query('begin')
      const ids: number[] = []
      for (const site of sites) ids.push(...(await createUnlessTaken(site, client)))
      await client.query('commit')
      return ids
    } catch (error) {
      await client.query('rollback')
      throw error
    } finally {
      client.release()
    }
  }

  async function createUnlessTaken(site: NewSite, client: pg.PoolClient): Promise<number[]> {
    const { domain, plan, note } = site
    const [, inserted] = await Promise.allSettled([
      client.query('savepoint one'),
      client.query<{ id: number }>('insert into site (domain, plan, note) values ($1, $2, $3) returning id', [
        domain,
        plan,
        note,
      ]),
      client.query('release savepoint one'),
    ])
    if (inserted.status === 'fulfilled') return inserted.value.rows.map((row) => row.id)
    const { reason } = inserted
    if (!(reason instanceof pg.DatabaseError) || reason.code !== uniqueViolation) throw reason
    await client.query('rollback to savepoint one')
    return []
  }

  return { ...sitesOf(orchestra, pool), updateAll, label, importEach }
}
