import createKnex from 'knex'
import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import { sitesOf } from './knex.ts'
import type { Sites } from './sites.ts'

export function openSites(orchestra: Orchestra, connectionString: string): Sites {
  const knex = createKnex({ client: 'pg', connection: connectionString, pool: { min: 0, max: 5 } })
  knex.client.driver = orchestra.driver(pg)
  return { ...sitesOf(orchestra, knex), close: () => knex.destroy() }
}
