import { type Backend, checkOptions, defineBackend, type NamesOf, type Script, sh } from 'orchestrajs'
import type { z } from 'zod'
import { check, prepareListeners, prepareServer, reloadServer } from '../nginx/server.ts'
import { parking } from '../parking.ts'
import { checked, type Mapping, policiesOf, type ServiceOptions, serviceNames } from '../service.ts'
import { type CheckedSite, type NginxSite, nginxSiteSchema, standingName } from './site.ts'
import { virtualHost } from './virtual-host.ts'

export type { NginxSite } from './site.ts'

export interface NginxSiteOptions<Schema extends z.ZodType, Secrets extends string>
  extends ServiceOptions<Schema, Secrets> {
  site: Mapping<Schema, Secrets, NginxSite>
  /** Where nginx includes sites from; default /etc/nginx/sites-enabled. */
  directory?: string
}

const names: NamesOf<NginxSiteOptions<z.ZodType, string>> = { ...serviceNames, site: true, directory: true }

/** Sites of nginx, one file each. A site that nginx refuses is put back as it was; the others are live. */
export function nginxSite<Schema extends z.ZodType, Secrets extends string>(
  options: NginxSiteOptions<Schema, Secrets>,
): Backend {
  checkOptions('nginxSite()', options, names)
  const directory = options.directory ?? '/etc/nginx/sites-enabled'
  const sites = parking(options.site, (site, nameOf) => ({
    ...site,
    domains: [`${nameOf(site.domains[0])}.invalid`] as const,
  }))
  const siteOf = (object: Parameters<typeof options.site>[0]) =>
    checked('An nginx site', nginxSiteSchema, sites.of(object))
  // What stands can go, whatever else the row says by now.
  const nameOf = (object: Parameters<typeof options.site>[0]) =>
    checked('The name of a site', standingName, sites.of(object).domains[0])
  const pathFor = (domain: string) => `${directory}/${domain}.conf`
  const pathOf = ({ domains }: CheckedSite) => pathFor(domains[0])
  const place = (script: Script, site: CheckedSite) => {
    if (site.root !== undefined && site.owner !== undefined) makeRoot(script, site.root, site.owner)
    script.file(pathOf(site), virtualHost(site), { mode: '0644', check })
    reloadServer(script)
  }
  return defineBackend({
    ...policiesOf(options),
    name: options.name ?? 'nginx-site',
    model: options.model,
    after: options.after ?? [],
    identity: (object) => sites.of(object).domains[0],
    prepare(script) {
      prepareServer(script)
      prepareListeners(script)
    },
    save: (script, object) => place(script, siteOf(object)),
    rename(script, object, previous) {
      const site = siteOf(object)
      const [path, old] = [pathOf(site), pathFor(nameOf(previous))]
      if (path === old) return
      // Under the new name the old answers until nginx has accepted the new: two files with one name would be refused.
      script.run(sh`mv -T -- ${old} ${path}`, { onlyIf: sh`[[ -e ${old} && ! -e ${path} ]]` })
      script.absent(old)
      place(script, site)
    },
    park: sites.park,
    delete(script, object) {
      script.absent(pathFor(nameOf(object)))
      reloadServer(script)
    },
    list: sh`shopt -s nullglob; for file in ${directory}/*.conf; do file=\${file##*/}; printf '%s\n' "\${file%.conf}"; done`,
    read: (domain) => sh`cat -- ${pathFor(domain)}`,
    prune(script, identity) {
      script.absent(pathFor(checked('The name of a site', standingName, identity)))
      reloadServer(script)
    },
  })
}

/** The content of the directory is its owner's; deleting the site leaves it. */
function makeRoot(script: Script, root: string, owner: string): void {
  script.directory(root, { owner, group: owner })
}
