import { integer, pgTable, primaryKey, serial, text } from 'drizzle-orm/pg-core'

export const site = pgTable('site', {
  id: serial().primaryKey(),
  domain: text().notNull().unique(),
  plan: text().notNull().default('basic'),
  note: text().notNull().default(''),
})

export const label = pgTable('label', {
  id: serial().primaryKey(),
  name: text().notNull().unique(),
})

export const siteLabel = pgTable(
  'site_label',
  {
    siteId: integer('site_id').notNull(),
    labelId: integer('label_id').notNull(),
  },
  ({ siteId, labelId }) => [primaryKey({ columns: [siteId, labelId] })],
)
