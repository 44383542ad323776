import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineConfig, type Model, raw, sh, type Transfer } from '../../src/index.ts'
import { quickBackoff, Site, type SiteRow, siteFilesWith, type World } from '../support/world.ts'

/**
 * Every command notes that it began, and waits while the server has a file `hold-COMMAND`. What `broken-COMMAND` holds is
 * done before the command, so that tests can let it fail.
 */
function noted(command: string) {
  return sh`${raw(`echo ${command} >>notes; [[ ! -e broken-${command} ]] || . ./broken-${command}
while [[ -e hold-${command} ]]; do sleep 0.02; done`)}`
}

/** Data in a directory that something of its site names, restored beside it. */
export function transferOf(nameOf: (site: SiteRow) => number | string): Transfer<SiteRow> {
  return {
    dump: (site) => sh`${noted('dump')}
tar -C data/${nameOf(site)} -cf - .`,
    restore: (site) => sh`${noted('restore')}
[[ -d data/${nameOf(site)} ]]
rm -rf data/.new.${nameOf(site)}
mkdir data/.new.${nameOf(site)}
tar -C data/.new.${nameOf(site)} -xf -`,
    verify: {
      original: (site) => sh`${noted('original')}
cd data/${nameOf(site)}; find . -type f -exec sha256sum {} + | sort`,
      restored: (site) => sh`${noted('restored')}
cd data/.new.${nameOf(site)}; find . -type f -exec sha256sum {} + | sort`,
    },
    switch: (site) => sh`${noted('switch')}
if [[ -d data/.new.${nameOf(site)} ]]; then rm -rf data/${nameOf(site)}; mv data/.new.${nameOf(site)} data/${nameOf(site)}; fi`,
  }
}

/** Sites with data that only their server has; it moves with them. */
export const dataSites = siteFilesWith({
  prepare: (script) => {
    script.directory('sites')
    script.directory('data')
  },
  save: (script, site) => {
    script.file(`sites/${site.id}`, `${site.domain} ${site.body}`)
    script.directory(`data/${site.id}`)
  },
  delete: (script, site) => {
    script.run(sh`echo delete >>notes`)
    script.absent(`sites/${site.id}`)
    script.absent(`data/${site.id}`, { recursive: true })
  },
  onMove: 'migrate',
  transfer: transferOf(({ id }) => id),
})

/** The same, with places that the domain names. */
export const domainSites = siteFilesWith({
  identity: (site) => site.domain,
  prepare: (script) => {
    script.directory('sites')
    script.directory('data')
  },
  rename: (script, site, previous) => {
    for (const place of ['sites', 'data'])
      script.run(sh`mv -T ${place}/${previous.domain} ${place}/${site.domain}`, {
        onlyIf: sh`[[ -e ${place}/${previous.domain} ]]`,
      })
    script.run(sh`rm -rf data/.new.${previous.domain}`)
  },
  save: (script, site) => {
    script.file(`sites/${site.domain}`, site.body)
    script.directory(`data/${site.domain}`)
  },
  delete: (script, site) => {
    script.absent(`sites/${site.domain}`)
    script.absent(`data/${site.domain}`, { recursive: true })
  },
  onMove: 'migrate',
  transfer: transferOf(({ domain }) => domain),
})

/** Their save, which waits while the server has a file `hold-save`. */
export const heldSave: NonNullable<typeof dataSites.save> = (script, site) => {
  script.run(noted('save'))
  dataSites.save?.(script, site)
}

export const dataConfig = defineConfig({
  models: [Site as Model],
  backends: [dataSites],
  worker: { backoff: quickBackoff, timeouts: { connect: 2_000, idle: 20_000, total: 30_000 } },
})

/** A world in which the plan of a site tells its server. */
export async function routeByPlan(world: World): Promise<void> {
  await world.route('files', 'old', 'site.plan == "basic"')
  await world.route('files', 'new', 'site.plan == "premium"')
}

export async function writeData(world: World, server: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const full = join(world.directory, server, 'data', path)
    await mkdir(join(full, '..'), { recursive: true })
    await writeFile(full, content)
  }
}

/** What a server has of the data, by path below `data`. */
export async function dataOn(world: World, server: string): Promise<Record<string, string>> {
  const directory = join(world.directory, server, 'data')
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files: Record<string, string> = {}
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    files[path.slice(directory.length + 1)] = await readFile(path, 'utf8')
  }
  return files
}

export async function notesOn(world: World, server: string): Promise<string[]> {
  const text = await readFile(join(world.directory, server, 'notes'), 'utf8').catch(() => '')
  return text.split('\n').filter(Boolean)
}
