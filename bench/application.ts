import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installCapture } from '../packages/orchestra/src/capture/index.ts'
import { migrate, openStore, type Store } from '../packages/orchestra/src/store/index.ts'
import type { PostgresServer } from '../packages/orchestra/test/support/postgres.ts'
import { createTable, page } from './project.ts'

/** The application's database: its table, watched, and the same table as `plain`, unwatched. */
export interface Application {
  store: Store
  databaseUrl: string
  /** Where the store's key lies. */
  directory: string
  close(): Promise<void>
}

export async function openApplication(postgres: PostgresServer): Promise<Application> {
  const databaseUrl = await postgres.database()
  const directory = await mkdtemp(join(tmpdir(), 'orchestra-bench-'))
  const store = await openStore({ databaseUrl, directory })
  await migrate(store)
  await store.query(createTable)
  await store.query('create table plain (like page including all)')
  await installCapture(store, [page])
  return {
    store,
    databaseUrl,
    directory,
    close: async () => {
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
