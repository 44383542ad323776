import { dirname, join, resolve } from 'node:path'
import pg from 'pg'
import { configPath } from '../config/load.ts'
import { embeddedUrls } from '../store/index.ts'

/** Milliseconds that somebody who pressed TAB waits. */
const PATIENCE = 1_500

/** Names that a shell may complete, by the kind of argument. */
const QUERIES: Readonly<Record<string, string>> = {
  server: 'select name from orchestra.server where removed_at is null order by name',
  backend:
    'select backend as name from orchestra.route union select backend from orchestra.placement order by 1',
  route: 'select id::text as name from orchestra.route order by id',
}

export interface Asked {
  directory: string
  environment: NodeJS.ProcessEnv
  config?: string | undefined
}

/**
 * What the store knows of a kind. The configuration is not loaded: it is a program, and pressing TAB runs none. Nor is a database opened
 * that no process serves. Where nobody answers in time, there is nothing to complete.
 */
export async function knownNames(kind: string, asked: Asked): Promise<string[]> {
  const query = QUERIES[kind]
  if (query === undefined) return []
  try {
    const url = await databaseOf(asked)
    return url === undefined ? [] : await ask(url, query)
  } catch {
    return []
  }
}

/** Of an embedded database, the one beside the configuration. */
async function databaseOf({ environment, directory, config }: Asked): Promise<string | undefined> {
  if (environment.DATABASE_URL) return environment.DATABASE_URL
  const beside = dirname(configPath(config, resolve(directory)))
  return (await embeddedUrls(join(beside, '.orchestra'))).socket ?? undefined
}

async function ask(url: string, query: string): Promise<string[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: PATIENCE,
    query_timeout: PATIENCE,
  })
  // A server that goes away in between ends it as well.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ name: string }>(query)
    return rows.map(({ name }) => name)
  } finally {
    await client.end()
  }
}
