import { Migration, Migrator } from '@mikro-orm/migrations'
import { defineEntity, MikroORM, type Options, p } from '@mikro-orm/postgresql'
import { describe, expect, test } from 'vitest'
import { type Database, insertSite, useDatabases } from './database.ts'

const id = p.integer().primary().autoincrement()
const domain = p.text()

const entitiesWith = (columns: { domain?: typeof domain; name?: typeof domain }, more = {}) => {
  const Site = defineEntity({ name: 'Site', tableName: 'site', properties: { id, ...columns, ...more } })
  const SiteAlias = defineEntity({
    name: 'SiteAlias',
    tableName: 'site_alias',
    properties: { id, site: () => p.manyToOne(Site).deleteRule('cascade'), domain },
  })
  return [Site, SiteAlias]
}

const unchanged = entitiesWith({ domain })
const withPlan = entitiesWith({ domain }, { plan: p.text().nullable() })
const withOtherType = entitiesWith({ domain: p.string() as never })
const renamed = entitiesWith({ name: p.text().nullable() as never })

/** What keeps everything: its schema generator takes every table and trigger that no entity declares for a leftover. */
const keeping = {
  schemaGenerator: {
    ignoreSchema: ['orchestra', 'orchestra_boss'],
    ignoreTriggers: true,
  },
} satisfies Partial<Options>

class ChangeSites extends Migration {
  override up(): void {
    this.addSql('alter table site add column plan text')
    this.addSql('alter table site rename column domain to name')
    this.addSql('alter table site alter column name type varchar(255)')
  }
}

async function connected(
  database: Database,
  options: Partial<Options>,
  work: (orm: MikroORM) => Promise<unknown>,
): Promise<void> {
  const orm = await MikroORM.init({ clientUrl: database.url, ...options })
  try {
    await work(orm)
  } finally {
    await orm.close()
  }
}

describe('MikroORM', () => {
  const open = useDatabases()

  describe('with what keeps everything', () => {
    test.each([
      ['adds a column', withPlan, insertSite],
      ['changes a type', withOtherType, insertSite],
      ['replaces a column', renamed, `insert into site (name) values ('b.org')`],
    ])('schema.update() that %s leaves everything', async (_, entities, insert) => {
      const database = await open()
      await connected(database, { entities, ...keeping }, (orm) => orm.schema.update())
      await database.expectUntouched(insert)
    })

    test('a generated migration changes the own tables alone', async () => {
      const database = await open()
      const migrations = { path: database.directory, snapshot: false }
      const options = { entities: withPlan, extensions: [Migrator], migrations, ...keeping }
      await connected(database, options, async (orm) => {
        const { diff } = await orm.migrator.create()
        expect(diff.up.join()).toContain('add "plan" text')
        expect(diff.up.join()).not.toContain('orchestra')
        expect(diff.down.join()).toContain('create trigger "orchestra_capture_')
      })
    })

    test('schema.refresh() recreates the own tables, which the next look heals', async () => {
      const database = await open()
      await connected(database, { entities: unchanged, ...keeping }, (orm) => orm.schema.refresh())
      await database.expectHealed({})
    })

    test('migrations that add, rename and change columns leave everything', async () => {
      const database = await open()
      const migrations = { migrationsList: [ChangeSites], snapshot: false, silent: true }
      const options = { entities: unchanged, extensions: [Migrator], migrations, ...keeping }
      await connected(database, options, (orm) => orm.migrator.up())
      await database.expectUntouched(`insert into site (name) values ('b.org')`)
    })
  })

  test('schema.update({ safe: true }) leaves everything', async () => {
    const database = await open()
    await connected(database, { entities: withPlan }, (orm) => orm.schema.update({ safe: true }))
    await database.expectUntouched()
  })

  test('schema.update() with ignoreSchema alone drops triggers, which the next look heals', async () => {
    const database = await open()
    const schemaGenerator = { ignoreSchema: keeping.schemaGenerator.ignoreSchema }
    await connected(database, { entities: withPlan, schemaGenerator }, (orm) => orm.schema.update())
    await database.expectHealed({ site: 1, site_alias: 1 })
  })

  test('schema.update() as it comes drops every table of Orchestra: writes go on, and nothing is begun anew', async () => {
    const database = await open()
    await connected(database, { entities: withPlan }, (orm) =>
      expect(orm.schema.update()).rejects.toThrow('cannot drop schema orchestra'),
    )
    expect(await database.standing()).toEqual({
      schema: 'no table is left',
      wakeups: 'no table is left',
      triggers: { site: 1, site_alias: 1 },
    })
    await database.query(
      `${insertSite}; update site set domain = 'c.org'; delete from site; truncate site cascade`,
    )
    const lost = 'Tables migration, setting, server, route, placement, protection, transfer are gone'
    expect(await database.complaints()).toContainEqual(expect.stringContaining(lost))
    await expect(database.orchestra.install()).rejects.toMatchObject({ code: 'ORC_STORE_DAMAGED' })
  })
})
