import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Backend, sh } from '../../src/index.ts'
import { listTransfers } from '../../src/transfer/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds, type World } from '../support/world.ts'
import { dataConfig, dataOn, notesOn, routeByPlan, transferOf, writeData } from './data-sites.ts'

const { verify, ...unverified } = transferOf(({ domain }) => domain)

/** The same sites, whose data lies under their names. */
const namedSites = (verifies: boolean) =>
  siteFilesWith({
    prepare: (script) => script.directory('data'),
    save: (script, { domain }) => script.directory(`data/${domain}`),
    delete: (script, { domain }) => {
      script.absent(`data/.new.${domain}`, { recursive: true })
      script.absent(`data/${domain}`, { recursive: true })
    },
    rename: (script, { domain }, previous) => {
      script.absent(`data/.new.${previous.domain}`, { recursive: true })
      script.run(sh`mv -T data/${previous.domain} data/${domain}`, {
        onlyIf: sh`[[ -d data/${previous.domain} ]]`,
      })
    },
    onMove: 'migrate',
    transfer: { ...unverified, ...(verifies && { verify }) },
  })

const until = (what: string, holds: () => Promise<boolean>) => untilWithin(20_000, what, holds)

/** Their data lies under a field that is no name. */
const pathedSites = siteFilesWith({
  identity: ({ id }) => String(id),
  prepare: (script) => script.directory('data'),
  save: (script, { domain }) => script.directory(`data/${domain}`),
  delete: (script, { domain }) => {
    script.absent(`data/.new.${domain}`, { recursive: true })
    script.absent(`data/${domain}`, { recursive: true })
  },
  onMove: 'migrate',
  transfer: unverified,
})

describeStores('data of an object that gets another name while it moves', (open) => {
  const makeWorld = useWorlds(open)

  async function moving(hold: string, server: string, backend: Backend): Promise<World> {
    const made = await makeWorld({ servers: [], backends: [backend], worker: dataConfig.worker })
    for (const name of ['old', 'new']) await made.addDirectoryServer(name)
    await routeByPlan(made)
    await made.work()
    await made.store.query(`insert into site (id, domain) values (1, 'first')`)
    await made.calm()
    await writeData(made, 'old', { 'first/mail': 'hello' })
    await writeFile(join(made.directory, server, `hold-${hold}`), '')
    await made.store.query(`update site set plan = 'premium'`)
    await until(`${hold} runs`, async () => (await notesOn(made, server)).includes(hold))
    return made
  }

  async function renamed(made: World, name: string): Promise<void> {
    await made.store.query('update site set domain = $1', [name])
    await until('it has its name', async () => {
      const stands = await made.store.query(
        `select from orchestra.placement p join orchestra.server s on s.id = p.server_id
         where s.name = 'new' and p.identity = $1 and p.stands = p.generation`,
        [name],
      )
      return stands.length > 0
    })
  }

  for (const [hold, server, verifies] of [
    ['dump', 'old', false],
    ['restore', 'new', true],
    ['restored', 'new', true],
  ] as const)
    it(`arrives under its last name, when that came during ${hold}`, async () => {
      const made = await moving(hold, server, namedSites(verifies))
      await renamed(made, 'second')
      await rm(join(made.directory, server, `hold-${hold}`))
      await until('it has ended', async () => (await listTransfers(made.store)).length === 0)
      await made.calm()
      expect(await dataOn(made, 'new')).toMatchObject({ 'second/mail': 'hello' })
      expect(await dataOn(made, 'old')).toEqual({})
      expect(made.errors).toEqual([])
    })

  it('arrives where its object is then, when that lies elsewhere under the same name', async () => {
    const made = await moving('dump', 'old', pathedSites)
    await made.store.query(`update site set domain = 'second'`)
    await until('it is there', async () => {
      const query = `select from orchestra.placement where want = 'stand' and stands = generation and snapshot->>'domain' = 'second'`
      return (await made.store.query(query)).length > 0
    })
    await rm(join(made.directory, 'old', 'hold-dump'))
    await until('it has ended', async () => (await listTransfers(made.store)).length === 0)
    await made.calm()
    expect(await dataOn(made, 'new')).toMatchObject({ 'second/mail': 'hello' })
  })
})
