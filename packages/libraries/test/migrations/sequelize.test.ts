import { DataTypes, type ModelAttributes, Sequelize } from 'sequelize'
import { SequelizeStorage, Umzug } from 'umzug'
import { describe, expect, test } from 'vitest'
import { type Database, insertSite, useDatabases } from './database.ts'

const domain = { type: DataTypes.TEXT, allowNull: false }
const plan = { type: DataTypes.TEXT }

function define(sequelize: Sequelize, columns: ModelAttributes): void {
  const Site = sequelize.define('Site', columns, { tableName: 'site', timestamps: false })
  const Alias = sequelize.define('SiteAlias', { domain }, { tableName: 'site_alias', timestamps: false })
  Alias.belongsTo(Site, { foreignKey: { name: 'site_id', allowNull: false }, onDelete: 'CASCADE' })
}

async function connected(
  database: Database,
  columns: ModelAttributes,
  work: (sequelize: Sequelize) => Promise<unknown>,
): Promise<void> {
  const sequelize = new Sequelize(database.url, { logging: false })
  try {
    define(sequelize, columns)
    await work(sequelize)
  } finally {
    await sequelize.close()
  }
}

function migrate(sequelize: Sequelize): Promise<unknown> {
  const umzug = new Umzug({
    migrations: [
      {
        name: '01-change-sites',
        up: async ({ context }) => {
          await context.addColumn('site', 'plan', plan)
          await context.renameColumn('site', 'domain', 'name')
          await context.changeColumn('site', 'name', { type: DataTypes.STRING, allowNull: false })
        },
      },
    ],
    context: sequelize.getQueryInterface(),
    storage: new SequelizeStorage({ sequelize }),
    logger: undefined,
  })
  return umzug.up()
}

describe('Sequelize', () => {
  const open = useDatabases()

  test.each<[string, ModelAttributes]>([
    ['adds a column', { domain, plan }],
    ['changes a type', { domain: { type: DataTypes.STRING, allowNull: false } }],
  ])('sync({ alter: true }) that %s leaves everything', async (_, columns) => {
    const database = await open()
    await connected(database, columns, (sequelize) => sequelize.sync({ alter: true }))
    await database.expectUntouched()
  })

  test('sync() leaves everything', async () => {
    const database = await open()
    await connected(database, { domain, plan }, (sequelize) => sequelize.sync())
    await database.expectUntouched()
  })

  test('umzug migrations that add, rename and change columns leave everything', async () => {
    const database = await open()
    await connected(database, { domain }, migrate)
    await database.expectUntouched(`insert into site (name) values ('b.org')`)
  })

  test('sync({ force: true }) recreates the tables of all models, which the next look heals', async () => {
    const database = await open()
    await database.query(insertSite)
    await connected(database, { domain }, (sequelize) => sequelize.sync({ force: true }))
    expect(await database.query('select from site')).toEqual([])
    await database.expectHealed({})
  })

  test('dropAllSchemas() drops the schemas of Orchestra, which a look says and does not take for a new database', async () => {
    const database = await open()
    await connected(database, { domain }, (sequelize) => sequelize.dropAllSchemas({}))
    expect(await database.standing()).toEqual({
      schema: 'no table is left',
      wakeups: 'no table is left',
      triggers: {},
    })
    await database.query(insertSite)
    expect(await database.complaints()).toContainEqual(expect.stringContaining('schema version 0'))
  })
})
