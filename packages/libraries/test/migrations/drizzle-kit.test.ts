import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Database, useDatabases } from './database.ts'

const modules = fileURLToPath(new URL('../../../../node_modules', import.meta.url))
const kit = join(modules, 'drizzle-kit', 'bin.cjs')

const schema = (columns: string) => `
import { integer, pgTable, serial, text, varchar } from 'drizzle-orm/pg-core'

export const site = pgTable('site', { id: serial().primaryKey(), ${columns} })

export const siteAlias = pgTable('site_alias', {
  id: serial().primaryKey(),
  siteId: integer('site_id').notNull().references(() => site.id, { onDelete: 'cascade' }),
  domain: text().notNull(),
})
`

const config = `
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'postgresql',
  schema: './schema.ts',
  dbCredentials: { url: process.env.DATABASE_URL ?? '' },
  schemaFilter: ['public'],
})
`

/** A project of drizzle-kit in the database's directory. */
function write(database: Database, columns: string, filter = `schemaFilter: ['public'],`): void {
  writeFileSync(join(database.directory, 'schema.ts'), schema(columns))
  const written = config.replace(`schemaFilter: ['public'],`, filter)
  writeFileSync(join(database.directory, 'drizzle.config.ts'), written)
}

async function run(database: Database, ...words: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [kit, ...words], {
    cwd: database.directory,
    env: { ...process.env, DATABASE_URL: database.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => {
      output += String(bytes)
    })
  const [code] = await once(child, 'close')
  return { code, output }
}

async function succeed(database: Database, ...words: string[]): Promise<void> {
  const { code, output } = await run(database, ...words)
  expect(code, output).toBe(0)
}

const add = 'domain: text().notNull(), plan: text(),'

describe('drizzle-kit', () => {
  const databases = useDatabases()
  const open = async () => {
    const database = await databases()
    symlinkSync(modules, join(database.directory, 'node_modules'))
    return database
  }

  test.each([
    ['adds a column', add],
    ['changes a type', 'domain: varchar({ length: 255 }).notNull(),'],
  ])('push that %s leaves everything', async (_, columns) => {
    const database = await open()
    write(database, columns)
    await succeed(database, 'push', '--force')
    await database.expectUntouched()
  })

  test.each([
    ['no filter', ''],
    ['tablesFilter', `tablesFilter: ['site', 'site_*'],`],
    ['every schema, and no table of Orchestra', `schemaFilter: ['*'], tablesFilter: ['!orchestra*'],`],
  ])('push with %s leaves everything', async (_, options) => {
    const database = await open()
    write(database, add, options)
    await succeed(database, 'push', '--force')
    await database.expectUntouched()
  })

  test('generate and migrate leave everything', async () => {
    const database = await open()
    write(database, 'domain: text().notNull(),')
    await succeed(database, 'generate', '--name', 'first')
    write(database, add)
    await succeed(database, 'generate', '--name', 'plan')
    await database.query('drop table site, site_alias')
    await succeed(database, 'migrate')
    await database.expectHealed({})
    write(database, `${add} note: text(),`)
    await succeed(database, 'generate', '--name', 'note')
    await succeed(database, 'migrate')
    await database.expectUntouched()
  })

  test('push over schema orchestra breaks off at its partitions, and drops nothing', async () => {
    const database = await open()
    write(database, add, `schemaFilter: ['public', 'orchestra'],`)
    const { output } = await run(database, 'push', '--force')
    expect(output).toContain('ZodError')
    await database.expectUntouched()
  })
})
