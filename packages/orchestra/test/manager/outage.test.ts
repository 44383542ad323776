import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sh } from '../../src/script/index.ts'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { until } from '../support/processes.ts'
import { testKey } from '../support/stores.ts'
import { buildWorld, siteFilesWith, type World } from '../support/world.ts'

describe('a store that goes away', () => {
  let postgres: PostgresServer
  let proxy: FaultProxy
  let directory: string
  let direct: Store
  let behindProxy: Store
  let world: World

  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orchestra-key-'))
    const databaseUrl = await postgres.database()
    proxy = await startFaultProxy(Number(new URL(databaseUrl).port))
    const away = new URL(databaseUrl)
    away.port = String(proxy.port)
    direct = await openStore({ databaseUrl, directory, key: testKey })
    behindProxy = await openStore({ databaseUrl: away.href, directory, key: testKey })
    await migrate(direct)
    world = await buildWorld(direct, {
      backends: [siteFilesWith({ prepare: (script) => script.run(sh`mkdir -p sites; sleep 0.7`) })],
    })
  })
  afterEach(async () => {
    await world.close()
    await behindProxy.close()
    await direct.close()
    await proxy.stop()
    await rm(directory, { recursive: true })
  })

  const goAway = async () => {
    await proxy.refuse()
    proxy.cutNow()
  }

  it('while a script runs loses nothing of what it did', async () => {
    await world.work({ store: behindProxy })
    await direct.query('insert into site (id) values (1)')
    await until(
      'it runs',
      async () => (await direct.query(`select from orchestra.log where state = 'STARTED'`)).length === 1,
    )
    await goAway()
    await until('the script is through', async () => '1' in (await world.files()))
    await proxy.accept()
    await world.calm()
    expect(await direct.query('select state from orchestra.log')).toEqual([{ state: 'SUCCESS' }])
    expect(await direct.query('select from orchestra.log where ended_at is null')).toEqual([])
  })

  it('while nothing runs is found again, with what was committed meanwhile', async () => {
    await world.work({ store: behindProxy })
    await goAway()
    await direct.query('insert into site (id) values (1)')
    await until('it was noticed', () => world.errors.length > 0)
    await proxy.accept()
    await world.calm()
    expect(await world.files()).toEqual(await world.wanted())
    expect(
      world.errors.map(String).filter((error) => !/does not answer|ECONN|Connection/.test(error)),
    ).toEqual([])
  })

  it('at the start makes it fail with what is wrong, and stop at once', async () => {
    await goAway()
    await expect(world.work({ store: behindProxy })).rejects.toMatchObject({ code: 'ORC_STORE_UNREACHABLE' })
  })
})
