import { drizzle } from 'drizzle-orm/node-postgres'
import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import { drizzleSites } from './drizzle-sites.ts'
import type { Sites } from './sites.ts'

export function openSites(orchestra: Orchestra, connectionString: string): Sites {
  const pool = orchestra.pool(new pg.Pool({ connectionString, max: 5 }))
  const db = drizzle({ client: pool })
  return { ...drizzleSites(orchestra, db), close: () => pool.end() }
}
