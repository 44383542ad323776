import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineBackend } from '../../src/config/backend.ts'
import { examine } from '../../src/inspect/examine.ts'
import { expectationOf } from '../../src/inspect/expect.ts'
import { listFindings } from '../../src/inspect/index.ts'
import { record, type Script, secret, text } from '../../src/script/index.ts'
import { addSshServer } from '../support/ssh-servers.ts'
import { describeSshd, type Sshd, startSshd } from '../support/sshd.ts'
import { describeStores } from '../support/stores.ts'
import { Site, siteFiles, useWorlds, type World } from '../support/world.ts'
import { ended, fill, lookedAt, shown } from './support.ts'

const isRoot = process.getuid?.() === 0
const ada = 65_534
const bob = 54_321

/** What a look tells of files with the content `x`, made by `ready`. */
async function look(
  steps: readonly ((script: Script) => void)[],
  ready: (at: (path: string) => string) => Promise<unknown>,
  user?: string,
) {
  const { directory, inspected } = await lookedAt(user === undefined ? {} : { user })
  await chmod(directory, 0o755)
  await ready((path) => join(directory, path))
  const examined = await examine(
    inspected,
    steps.map((step) => expectationOf(record('thing', step))),
  )
  if (examined.kind !== 'examined') throw new Error(JSON.stringify(examined))
  return examined.verdicts.map((verdict) =>
    verdict.state === 'in-sync'
      ? 'in-sync'
      : `${verdict.state}: ${verdict.differences.map(({ reason }) => reason).join('; ')}`,
  )
}

const file = (path: string) => (script: Script) => script.file(path, 'x')

describe('of what is not said of a file', () => {
  it('the mode is 0644, with a secret 0600', async () => {
    const steps = [
      file('right'),
      file('open'),
      (script: Script) => script.file('closed', secret('hunter22', 'key')),
      (script: Script) => script.file('secret', text`x${secret('hunter22', 'key')}`),
    ]
    const verdicts = await look(steps, async (at) => {
      await writeFile(at('right'), 'x', { mode: 0o644 })
      await writeFile(at('open'), 'x')
      await chmod(at('open'), 0o666)
      await writeFile(at('closed'), 'hunter22', { mode: 0o600 })
      await writeFile(at('secret'), 'xhunter22', { mode: 0o644 })
    })
    expect(verdicts).toEqual([
      'in-sync',
      'drifted: has mode 666, not 644',
      'in-sync',
      'drifted: has mode 644, not 600',
    ])
  })

  it.runIf(isRoot)('the owner is who acts there: root, the user of the place, or the login', async () => {
    const paths = ['ours', 'bobs', 'home/hers', 'home/roots']
    const steps = [...paths.map(file), (script: Script) => script.file('said', 'x', { owner: bob })]
    const ready = async (at: (path: string) => string) => {
      await mkdir(at('home'))
      for (const path of [...paths, 'said']) await writeFile(at(path), 'x', { mode: 0o644 })
      await chown(at('bobs'), bob, 0)
      await chown(at('said'), bob, 0)
      await chown(at('home/hers'), ada, 0)
      await chown(at('home'), ada, ada)
    }
    expect(await look(steps, ready)).toEqual([
      'in-sync',
      `drifted: has owner ${bob}, not root`,
      'in-sync',
      'drifted: has owner root, not nobody',
      'in-sync',
    ])
    expect(await look([file('home/hers'), file('home/roots')], ready, 'nobody')).toEqual([
      'in-sync',
      'drifted: has owner root, not nobody',
    ])
  })

  it.runIf(isRoot)('the group may be any, and a directory may be anyhow', async () => {
    const steps = [file('a'), (script: Script) => script.directory('d')]
    const verdicts = await look(steps, async (at) => {
      await writeFile(at('a'), 'x', { mode: 0o644 })
      await chown(at('a'), 0, bob)
      await mkdir(at('d'), { mode: 0o700 })
      await chown(at('d'), bob, bob)
    })
    expect(verdicts).toEqual(['in-sync', 'in-sync'])
  })
})

const whole = defineBackend({
  name: 'whole',
  model: Site,
  identity: (site) => site.domain,
  sync: (script, sites) => {
    script.file(
      'streamed',
      sites.map((site) => text`${site.domain} ${secret(site.body, 'body')}\n`),
    )
    script.file('head', 'always the same\n')
  },
})

describeStores('what is not said of a file that all objects make', (open) => {
  const build = useWorlds(open)

  it('is looked at and restored as of any other', async () => {
    const world = await build({ backends: [whole] })
    const at = (name: string) => join(world.directory, 'here', name)
    await world.work()
    await fill(world, 3)
    await world.calm()
    expect((await ended(world, 'check')).inspections[0]?.counts).toMatchObject({ inSync: 3 })
    for (const name of ['streamed', 'head']) await chmod(at(name), 0o666)
    await ended(world, 'check')
    const reasons = (await listFindings(world.store)).map(({ differences }) => differences[0]?.reason)
    expect(reasons).toEqual(['has mode 666, not 644', 'has mode 666, not 600'])
    await ended(world, 'sync')
    await world.calm()
    expect(await listFindings(world.store)).toEqual([])
  })
})

describeSshd('a server on which somebody changed owner and mode of a file', () => {
  let sshd: Sshd

  beforeAll(async () => {
    sshd = await startSshd()
  })

  afterAll(async () => {
    await sshd?.stop()
  })

  describeStores('', (open) => {
    const build = useWorlds(open)

    it('is told of by a check, and put right by a sync', async () => {
      const world: World = await build({ servers: [] })
      await addSshServer(world, sshd, 'far', sshd.port)
      await world.route(siteFiles.name, 'far')
      const at = (id: number) => join(world.directory, 'far', 'sites', `${id}`)
      await world.work()
      await fill(world, 4)
      await world.calm()
      await chown(at(1), bob, 0)
      await chmod(at(2), 0o666)
      await ended(world, 'check')
      expect(shown(await listFindings(world.store))).toEqual(['site:1 drifted', 'site:2 drifted'])
      const findings = await listFindings(world.store)
      expect(findings.map(({ differences }) => differences.map(({ reason }) => reason))).toEqual([
        [`has owner ${bob}, not root`],
        ['has mode 666, not 644'],
      ])
      await ended(world, 'sync')
      await world.calm()
      await ended(world, 'check')
      expect(await listFindings(world.store)).toEqual([])
    })
  })
})
