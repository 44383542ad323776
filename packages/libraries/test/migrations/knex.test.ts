import knex, { type Knex } from 'knex'
import { describe, expect, test } from 'vitest'
import { type Database, insertSite, useDatabases } from './database.ts'

const migrations: Record<string, (db: Knex) => Promise<void>> = {
  'change-sites': async (db) => {
    await db.schema.alterTable('site', (table) => {
      table.text('plan')
      table.renameColumn('domain', 'name')
    })
    await db.schema.alterTable('site', (table) => {
      table.string('name').notNullable().alter()
    })
  },
  'recreate-aliases': async (db) => {
    await db.schema.dropTable('site_alias')
    await db.schema.createTable('site_alias', (table) => {
      table.increments('id')
      table.integer('site_id').notNullable().references('site.id').onDelete('CASCADE')
      table.text('domain').notNullable()
    })
  },
  'rename-reference': async (db) => {
    await db.schema.alterTable('site_alias', (table) => {
      table.renameColumn('site_id', 'owner_id')
    })
  },
}

async function migrate(database: Database, ...names: string[]): Promise<void> {
  const db = knex({ client: 'pg', connection: database.url })
  const migrationSource: Knex.MigrationSource<string> = {
    getMigrations: async () => names,
    getMigrationName: (name) => name,
    getMigration: async (name) => ({ up: migrations[name] ?? (async () => {}), down: async () => {} }),
  }
  try {
    await db.migrate.latest({ migrationSource })
  } finally {
    await db.destroy()
  }
}

const insert = `insert into site (name) values ('b.org')`

describe('Knex', () => {
  const open = useDatabases()

  test('migrations that add, rename and change columns leave everything', async () => {
    const database = await open()
    await migrate(database, 'change-sites')
    await database.expectUntouched(insert)
  })

  test('a migration that recreates a table takes its triggers along, which the next look heals', async () => {
    const database = await open()
    await migrate(database, 'change-sites', 'recreate-aliases')
    await database.expectHealed({ site: 4 }, insert)
  })

  test('a migration that renames what a model names does not stop writes, and doctor says it', async () => {
    const database = await open()
    await database.query(insertSite)
    await migrate(database, 'rename-reference')
    await database.query(`insert into site_alias (owner_id, domain) values (1, 'a.org')`)
    await database.query(`update site_alias set domain = 'c.org'; delete from site_alias`)
    expect(await database.complaints()).toContainEqual(expect.stringContaining('"site_id"'))
  })
})
