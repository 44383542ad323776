import { type Backend, checkOptions, defineBackend, type NamesOf, type Script, sh } from 'orchestrajs'
import { z } from 'zod'
import { domainName, ipAddress, standingDomain } from '../fields.ts'
import { parking } from '../parking.ts'
import { checked, type Mapping, policiesOf, type ServiceOptions, serviceNames } from '../service.ts'
import {
  check,
  checkName,
  commitServer,
  listZones,
  prepareServer,
  receivedPath,
  reloadServer,
  stanzaPath,
} from './server.ts'

/** A zone that this server fetches from others. */
export interface SecondaryZone {
  name: string
}

export interface Bind9SecondaryOptions<Schema extends z.ZodType, Secrets extends string>
  extends ServiceOptions<Schema, Secrets> {
  zone: Mapping<Schema, Secrets, SecondaryZone>
  /** Addresses of the servers that the zones are fetched from. */
  primaries: readonly [string, ...string[]]
}

const names: NamesOf<Bind9SecondaryOptions<z.ZodType, string>> = {
  ...serviceNames,
  zone: true,
  primaries: true,
}

/** Zones on a secondary: named fetches them itself, again whenever the primary tells it of a change. */
export function bind9Secondary<Schema extends z.ZodType, Secrets extends string>(
  options: Bind9SecondaryOptions<Schema, Secrets>,
): Backend {
  checkOptions('bind9Secondary()', options, names)
  const primaries = checked('The list of primaries', z.array(ipAddress).min(1), options.primaries)
  const zones = parking(options.zone, (zone, nameOf) => ({ ...zone, name: `${nameOf(zone.name)}.invalid` }))
  const zoneOf = (object: Parameters<typeof options.zone>[0]) =>
    checked('A zone', domainName, zones.of(object).name)
  // What cannot be saved any more can still be deleted.
  const nameOf = (object: Parameters<typeof options.zone>[0]) =>
    checked('The name of a zone', standingDomain, zones.of(object).name)
  const place = (script: Script, name: string) => {
    checkName(script, name)
    script.file(stanzaPath(name), stanza(name, primaries), { mode: '0644', check })
    reloadServer(script)
  }
  return defineBackend({
    ...policiesOf(options),
    name: options.name ?? 'bind9-secondary',
    model: options.model,
    after: options.after ?? [],
    identity: (object) => zones.of(object).name,
    prepare: prepareServer,
    save: (script, object) => place(script, zoneOf(object)),
    rename(script, object, previous) {
      const [name, old] = [zoneOf(object), nameOf(previous)]
      if (name === old) return
      place(script, name)
      removeZone(script, old)
    },
    park: zones.park,
    delete(script, object) {
      removeZone(script, nameOf(object))
      reloadServer(script)
    },
    list: listZones('secondary'),
    read: (name) => sh`cat -- ${stanzaPath(name)}; rndc zonestatus ${name} || true`,
    prune(script, identity) {
      removeZone(script, checked('The name of a zone', standingDomain, identity))
      reloadServer(script)
    },
    commit: commitServer,
  })
}

function removeZone(script: Script, name: string): void {
  for (const path of [stanzaPath(name), receivedPath(name), `${receivedPath(name)}.jnl`]) script.absent(path)
}

function stanza(zone: string, primaries: readonly string[]): string {
  return `zone "${zone}" {
  type secondary;
  file "${receivedPath(zone)}";
  primaries { ${primaries.map((address) => `${address};`).join(' ')} };
};
`
}
