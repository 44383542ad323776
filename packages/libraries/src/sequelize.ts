import type { Orchestra } from 'orchestrajs'
import pg from 'pg'
import {
  type BelongsToManySetAssociationsMixin,
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Model,
  Sequelize,
  type Transaction,
  UniqueConstraintError,
} from 'sequelize'
import type { NewSite, Sites } from './sites.ts'

interface LabelRow extends Model<InferAttributes<LabelRow>, InferCreationAttributes<LabelRow>> {
  id: CreationOptional<number>
  name: string
}

interface SiteRow extends Model<InferAttributes<SiteRow>, InferCreationAttributes<SiteRow>> {
  id: CreationOptional<number>
  domain: string
  plan: string
  note: string
  setLabels: BelongsToManySetAssociationsMixin<LabelRow, number>
}

export function openSites(orchestra: Orchestra, url: string): Sites {
  const sequelize = new Sequelize(url, {
    dialectModule: orchestra.driver(pg),
    pool: { max: 5 },
    logging: false,
  })
  const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true }
  const options = { timestamps: false, freezeTableName: true }
  const Label = sequelize.define<LabelRow>('label', { id, name: DataTypes.TEXT }, options)
  const Site = sequelize.define<SiteRow>(
    'site',
    { id, domain: DataTypes.TEXT, plan: DataTypes.TEXT, note: DataTypes.TEXT },
    options,
  )
  Site.belongsToMany(Label, {
    through: 'site_label',
    as: 'labels',
    foreignKey: 'site_id',
    otherKey: 'label_id',
    timestamps: false,
  })

  async function create(site: NewSite, transaction?: Transaction): Promise<number> {
    const row = await Site.create(site, { transaction })
    return row.id
  }

  async function update(id: number, plan: string): Promise<void> {
    await Site.update({ plan }, { where: { id } })
  }

  async function remove(id: number): Promise<void> {
    await Site.destroy({ where: { id } })
  }

  function createLabelled(site: NewSite, names: string[]): Promise<number> {
    return sequelize.transaction(async (transaction) => {
      const row = await Site.create(site, { transaction })
      const labels = await Label.bulkCreate(
        names.map((name) => ({ name })),
        { transaction },
      )
      await row.setLabels(labels, { transaction })
      return row.id
    })
  }

  function upgrade(id: number, pay: () => Promise<void>): Promise<void> {
    return sequelize.transaction(async (transaction) => {
      await Site.update({ plan: 'pro' }, { where: { id }, transaction })
      await pay()
    })
  }

  function importEach(sites: NewSite[]): Promise<number[]> {
    return sequelize.transaction(async (transaction) => {
      const ids: number[] = []
      for (const site of sites) {
        try {
          ids.push(await sequelize.transaction({ transaction }, (savepoint) => create(site, savepoint)))
        } catch (error) {
          if (!(error instanceof UniqueConstraintError)) throw error
        }
      }
      return ids
    })
  }

  async function createAll(sites: NewSite[]): Promise<number[]> {
    const rows = await Site.bulkCreate(sites)
    return rows.map((row) => row.id)
  }

  async function updateAll(ids: number[], plan: string): Promise<void> {
    await Site.update({ plan }, { where: { id: ids } })
  }

  async function put(site: NewSite): Promise<number> {
    const [row] = await Site.upsert(site, { conflictFields: ['domain'] })
    return row.id
  }

  function label(id: number, labelIds: number[]): Promise<void> {
    return sequelize.transaction(async (transaction) => {
      const row = await Site.findByPk(id, { transaction, rejectOnEmpty: true })
      await row.setLabels(labelIds, { transaction })
    })
  }

  function createPlanned(site: NewSite) {
    return sequelize.transaction(async (transaction) => {
      const id = await create(site, transaction)
      const plan = await orchestra.currentUnit()?.plan()
      return { id, plan }
    })
  }

  return {
    create: (site) => create(site),
    update,
    remove,
    createLabelled,
    upgrade,
    importEach,
    createAll,
    updateAll,
    put,
    label,
    createPlanned,
    close: () => sequelize.close(),
  }
}
