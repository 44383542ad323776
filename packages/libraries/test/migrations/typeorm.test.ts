import { DataSource, EntitySchema, type EntitySchemaColumnOptions, type QueryRunner } from 'typeorm'
import { describe, expect, test } from 'vitest'
import { type Database, insertSite, useDatabases } from './database.ts'

type Columns = Record<string, EntitySchemaColumnOptions>

const id: EntitySchemaColumnOptions = { type: 'integer', primary: true, generated: true }
const domain: EntitySchemaColumnOptions = { type: 'text' }

const siteWith = (columns: Columns) =>
  new EntitySchema({ name: 'Site', tableName: 'site', columns: { id, ...columns } })

const SiteAlias = new EntitySchema<{ id: number; domain: string; site: unknown }>({
  name: 'SiteAlias',
  tableName: 'site_alias',
  columns: { id, domain },
  relations: {
    site: {
      type: 'many-to-one',
      target: 'Site',
      joinColumn: { name: 'site_id' },
      onDelete: 'CASCADE',
      nullable: false,
    },
  },
})

class ChangeSites {
  name = 'ChangeSites1700000000000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table site add column plan text')
    await runner.renameColumn('site', 'domain', 'name')
    await runner.query('alter table site alter column name type varchar(255)')
  }

  async down(): Promise<void> {}
}

/** TypeORM's own way to change a table that an `alter` cannot change: everything into a new one. */
class RecreateSites {
  name = 'RecreateSites1700000000001'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table new_site as table site')
    await runner.query("alter table new_site alter column id set default nextval('site_id_seq')")
    await runner.query('alter sequence site_id_seq owned by new_site.id')
    await runner.query('drop table site cascade')
    await runner.query('alter table new_site rename to site')
  }

  async down(): Promise<void> {}
}

async function connected(
  database: Database,
  columns: Columns,
  work: (source: DataSource) => Promise<unknown>,
): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [siteWith(columns), SiteAlias],
    migrations: [ChangeSites, RecreateSites],
  })
  await source.initialize()
  try {
    await work(source)
  } finally {
    await source.destroy()
  }
}

describe('TypeORM', () => {
  const open = useDatabases()

  test.each<[string, Columns, string]>([
    ['adds a column', { domain, plan: { type: 'text', nullable: true } }, insertSite],
    [
      'renames a column',
      { name: { type: 'text', nullable: true } },
      `insert into site (name) values ('b.org')`,
    ],
    ['changes a type', { domain: { type: 'varchar', nullable: true } }, insertSite],
  ])('synchronize() that %s leaves everything', async (_, columns, insert) => {
    const database = await open()
    await connected(database, columns, (source) => source.synchronize())
    await database.expectUntouched(insert)
  })

  test('migrations that add, rename and change columns leave everything', async () => {
    const database = await open()
    await connected(database, { domain }, async (source) => {
      source.migrations.splice(1)
      await source.runMigrations()
    })
    await database.expectUntouched(`insert into site (name) values ('b.org')`)
  })

  test('a migration that recreates a table takes its triggers along, which the next look heals', async () => {
    const database = await open()
    await connected(database, { domain }, (source) => source.runMigrations())
    await database.expectHealed({ site_alias: 4 }, `insert into site (name) values ('b.org')`)
  })

  test('synchronize(true) recreates all tables of its schema, which the next look heals', async () => {
    const database = await open()
    await database.query(insertSite)
    await connected(database, { domain }, (source) => source.synchronize(true))
    expect(await database.query('select from site')).toEqual([])
    await database.expectHealed({})
  })
})
