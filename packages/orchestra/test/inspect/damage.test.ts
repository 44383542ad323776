import { execFileSync } from 'node:child_process'
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { listFindings } from '../../src/inspect/index.ts'
import { sh } from '../../src/script/index.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds } from '../support/world.ts'
import { ended, treeOf } from './support.ts'

const COUNT = 12

const guarded = siteFilesWith({
  save: (script, site) => {
    script.directory(`sites/${site.domain}`, { mode: '0755' })
    script.file(`sites/${site.domain}/conf`, `${site.body}\n`, { mode: '0644' })
    script.symlink(`sites/${site.domain}/current`, 'conf')
  },
  delete: (script, site) => script.absent(`sites/${site.domain}`, { recursive: true }),
  list: sh`ls -A sites | grep -v '^\.orchestra-' || true`,
  prune: (script, identity) => script.absent(`sites/${identity}`, { recursive: true }),
})

/** Ways to damage the directory of a site that Orchestra can mend by itself. */
const damages: Record<string, (site: string) => Promise<unknown>> = {
  edit: (site) => writeFile(join(site, 'conf'), 'edited\n'),
  empty: (site) => writeFile(join(site, 'conf'), ''),
  mode: (site) => chmod(join(site, 'conf'), 0o666),
  directoryMode: (site) => chmod(site, 0o700),
  remove: (site) => rm(join(site, 'conf')),
  removeAll: (site) => rm(site, { recursive: true }),
  link: async (site) => {
    await rm(join(site, 'conf'))
    await symlink('/etc/hostname', join(site, 'conf'))
  },
  pipe: async (site) => {
    await rm(join(site, 'conf'))
    execFileSync('mkfifo', [join(site, 'conf')])
  },
  target: async (site) => {
    await rm(join(site, 'current'))
    await symlink('elsewhere', join(site, 'current'))
  },
}

const someDamage = fc.record({
  sites: fc.dictionary(
    fc.integer({ min: 1, max: COUNT }).map(String),
    fc.constantFrom(...Object.keys(damages)),
    { maxKeys: COUNT },
  ),
  foreign: fc.uniqueArray(fc.constantFrom('d1.au', 'd', 'D1', 'd1~', '.d1', 'd 1', "d'1", '-rf'), {
    maxLength: 4,
  }),
})

describeStores('whatever is damaged', (open) => {
  const build = useWorlds(open)

  it('is what a check reports, and what a sync restores', async () => {
    const world = await build({ backends: [guarded] })
    const sites = join(world.directory, 'here', 'sites')
    await world.work()
    await world.store.query(
      `insert into site select id, 'd' || id, 'body of ' || id from generate_series(1, ${COUNT}) id`,
    )
    await world.calm()
    const ideal = contentsOf(await treeOf(sites))
    await fc.assert(
      fc.asyncProperty(someDamage, async ({ sites: damaged, foreign }) => {
        for (const [site, kind] of Object.entries(damaged)) await damages[kind]?.(join(sites, `d${site}`))
        for (const name of foreign) {
          await mkdir(join(sites, name))
          await writeFile(join(sites, name, 'conf'), 'foreign')
        }
        const before = await treeOf(join(world.directory, 'here'))
        await ended(world, 'check')
        expect(await treeOf(join(world.directory, 'here'))).toEqual(before)
        const findings = await listFindings(world.store)
        const found = findings.filter(({ state }) => state === 'drifted' || state === 'missing')
        expect(found.map(({ object }) => object).sort()).toEqual(
          Object.keys(damaged)
            .map((site) => `site:${site}`)
            .sort(),
        )
        const unowned = findings.filter(({ state }) => state === 'unowned')
        expect(unowned.map(({ identity }) => identity).sort()).toEqual([...foreign].sort())
        expect(findings.length).toBe(found.length + unowned.length)
        await ended(world, 'sync')
        await world.calm()
        const after = contentsOf(await treeOf(sites))
        for (const name of foreign) {
          expect(after[join(name, 'conf')]).toContain('foreign')
          await rm(join(sites, name), { recursive: true })
        }
        expect(contentsOf(await treeOf(sites))).toEqual(ideal)
      }),
      { numRuns: 8 },
    )
  })
})

/** Types, modes and contents, without times. */
function contentsOf(tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).map(([path, said]) => {
      const [mode, , , , , , ...content] = said.split(' ')
      return [path, [mode, ...content].join(' ')]
    }),
  )
}
