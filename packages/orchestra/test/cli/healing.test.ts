import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dropInUse } from '../support/drop.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { Project, query } from './project.ts'

describe('a schema that a migration tool has damaged', () => {
  let server: PostgresServer
  let databaseUrl: string
  let project: Project
  const drop = (text: string) => dropInUse((one) => query(databaseUrl, one), text)

  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    databaseUrl = await server.database()
    project = new Project({ DATABASE_URL: databaseUrl })
    await project.run('init')
    await project.run('up', '--migrate-only')
  })
  afterEach(() => project.remove())

  test('is healed by `up` when it starts, and again while it looks; doctor says what is gone', async () => {
    await query(databaseUrl, 'drop table orchestra.operation cascade')
    const { stdout } = await project.run('doctor')
    expect(stdout).toContain('Table operation is gone from schema "orchestra"')
    // The first configuration's table does not exist yet: `up` looks for it every two seconds.
    const up = project.start('up')
    await up.printed('ready: ')
    expect(up.output).toContain('gone from schema orchestra, and made again: operation')
    await drop('drop table orchestra.unit, orchestra.change cascade')
    await up.printed('made again: change, unit')
  })

  test('is left as it is where only a backup can help, and `up` and doctor say so', async () => {
    await query(databaseUrl, 'drop table orchestra.route cascade')
    const up = await project.run('up')
    expect(up.code).toBe(1)
    expect(up.stderr).toContain('Table route is gone')
    expect(up.stderr).toContain('pg_restore')
    const doctor = await project.run('doctor')
    expect(doctor.code).toBe(2)
    expect(doctor.stdout).toContain('Table route is gone')
  })

  test('stops the work of a worker that runs, which says so', async () => {
    const up = project.start('up', '--json')
    await up.printed('"ready"')
    await drop('drop schema orchestra cascade')
    await up.printed('ORC_STORE_DAMAGED')
  })
})
