import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { defineBackend } from '../../src/config/backend.ts'
import { listFindings } from '../../src/inspect/index.ts'
import { sh } from '../../src/script/index.ts'
import { describeStores } from '../support/stores.ts'
import { Site, useWorlds } from '../support/world.ts'
import { ended, fill, treeOf } from './support.ts'

const whole = defineBackend({
  name: 'whole',
  model: Site,
  identity: (site) => site.domain,
  sync: (script, sites) => {
    script.file('all', ['# all sites\n', sites.map((site) => `${site.domain} ${site.body}\n`)])
    script.file('head', 'always the same\n')
  },
})

describeStores('a backend that writes all its objects together', (open) => {
  const build = useWorlds(open)

  it('is looked at file by file, and written again as a whole', async () => {
    const world = await build({ backends: [whole] })
    const here = join(world.directory, 'here')
    await world.work()
    await fill(world, 30)
    await world.calm()
    const content = await readFile(join(here, 'all'), 'utf8')
    expect((await ended(world, 'check')).inspections[0]?.counts).toMatchObject({ inSync: 30 })
    await writeFile(join(here, 'all'), 'edited')
    await writeFile(join(here, 'head'), 'edited\n')
    const before = await treeOf(here)
    await ended(world, 'check')
    expect(await treeOf(here)).toEqual(before)
    const findings = await listFindings(world.store)
    expect(findings.map(({ identity, state }) => `${identity} ${state}`)).toEqual([
      './all drifted',
      './head drifted',
    ])
    expect(findings[1]?.differences[0]?.diff).toContain('-edited')
    await ended(world, 'sync')
    await world.calm()
    expect(await readFile(join(here, 'all'), 'utf8')).toBe(content)
    expect(await listFindings(world.store)).toEqual([])
  })

  it('tells of two commands that look the same as one', async () => {
    const twice = defineBackend({
      name: 'twice',
      model: Site,
      identity: (site) => site.domain,
      sync: (script) => {
        for (const _ of ['once', 'and again']) script.run(sh`true`)
      },
    })
    const world = await build({ backends: [twice] })
    await world.work()
    await fill(world, 1)
    await world.calm()
    const { state, inspections } = await ended(world, 'check')
    expect({ state, counts: inspections[0]?.counts }).toMatchObject({ state: 'done', counts: { unknown: 1 } })
    expect(await listFindings(world.store)).toMatchObject([{ identity: 'true', differences: [{}, {}] }])
  })
})
