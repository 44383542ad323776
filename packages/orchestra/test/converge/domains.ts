import type { BackendOptions } from '../../src/config/backend.ts'
import { type Backend, defineBackend, sh } from '../../src/index.ts'
import { Site, siteFilesWith } from '../support/world.ts'

type SiteOptions = BackendOptions<typeof Site.schema, never>

/** A file for each site, called by its domain; the body `fail` makes its operation fail after the file was written. */
export function domainFiles(other: Partial<SiteOptions> = {}): Backend {
  return siteFilesWith({
    identity: (site) => site.domain,
    save: (script, site) => {
      script.file(`sites/${site.domain}`, `${site.id} ${site.body}`)
      if (site.body === 'fail') script.run(sh`exit 3`)
    },
    delete: (script, site) => script.absent(`sites/${site.domain}`),
    ...other,
  })
}

/** A directory for each site that holds data of its own, which a rename moves. */
export function domainHomes(other: Partial<SiteOptions> = {}): Backend {
  return defineBackend({
    name: 'homes',
    model: Site,
    identity: (site) => site.domain,
    save: (script, site) => {
      script.directory(`homes/${site.domain}`)
      if (site.body === 'fail') script.run(sh`exit 3`)
    },
    delete: (script, site) => script.absent(`homes/${site.domain}`, { recursive: true }),
    rename: (script, site, previous) =>
      script.run(sh`mv -T homes/${previous.domain} homes/${site.domain}`, {
        onlyIf: sh`test -e homes/${previous.domain}`,
      }),
    ...other,
  })
}
