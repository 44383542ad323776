import { drizzle } from 'drizzle-orm/postgres-js'
import type { Orchestra } from 'orchestrajs'
import postgres from 'postgres'
import { drizzleSites } from './drizzle-sites.ts'
import type { Sites } from './sites.ts'

export function openSites(orchestra: Orchestra, connectionString: string): Sites {
  const sql = orchestra.sql(postgres(connectionString, { max: 5 }))
  const db = drizzle({ client: sql })
  return { ...drizzleSites(orchestra, db), close: () => sql.end() }
}
