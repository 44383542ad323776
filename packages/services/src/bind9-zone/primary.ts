import { type Backend, checkOptions, defineBackend, type NamesOf, type Script, sh } from 'orchestrajs'
import { z } from 'zod'
import { ipAddress, standingDomain } from '../fields.ts'
import { parking } from '../parking.ts'
import { checked, type Mapping, policiesOf, type ServiceOptions, serviceNames } from '../service.ts'
import { type CheckedZone, type DnsRecord, zoneSchema, zoneSource } from './records.ts'
import {
  check,
  commitServer,
  listZones,
  onServer,
  prepareServer,
  refusedPath,
  reloadServer,
  sourcePath,
  stanzaPath,
  zonePath,
} from './server.ts'

/** A zone that this server is the source of. */
export interface DnsZone {
  /** Without the last dot. */
  name: string
  /** Full names; the first one is the primary. Their addresses are records like any other. */
  nameServers: readonly string[]
  /** Mail address of whoever answers for the zone. */
  hostmaster: string
  /** Seconds that answers may be kept; default 3600. */
  ttl?: number | undefined
  /** What secondaries go by, in seconds; defaults 7200, 900, 1209600. */
  refresh?: number | undefined
  retry?: number | undefined
  expire?: number | undefined
  /** Seconds that "no such name" may be kept; default 300. */
  negativeTtl?: number | undefined
  /** Names are relative to the zone; names on the right side end with a dot when they are full. */
  records?: readonly DnsRecord[] | undefined
}

export interface Bind9PrimaryOptions<Schema extends z.ZodType, Secrets extends string>
  extends ServiceOptions<Schema, Secrets> {
  zone: Mapping<Schema, Secrets, DnsZone>
  /** Addresses of the servers that are told about changes and may fetch the zones. */
  secondaries?: readonly string[]
}

const names: NamesOf<Bind9PrimaryOptions<z.ZodType, string>> = {
  ...serviceNames,
  zone: true,
  secondaries: true,
}

/** Zones on a primary. A zone that named-checkzone refuses stays as it was; the serial grows only with the content. */
export function bind9Primary<Schema extends z.ZodType, Secrets extends string>(
  options: Bind9PrimaryOptions<Schema, Secrets>,
): Backend {
  checkOptions('bind9Primary()', options, names)
  const secondaries = checked('The list of secondaries', z.array(ipAddress), options.secondaries ?? [])
  const zones = parking(options.zone, (zone, nameOf) => ({ ...zone, name: `${nameOf(zone.name)}.invalid` }))
  // What cannot be saved any more can still be deleted: only the name matters there.
  const nameOf = (object: Parameters<typeof options.zone>[0]) =>
    checked('The name of a zone', standingDomain, zones.of(object).name)
  const place = (script: Script, zone: CheckedZone) => {
    publish(script, zone, secondaries)
    script.file(stanzaPath(zone.name), stanza(zone.name, secondaries), { mode: '0644', check })
    reloadServer(script)
  }
  return defineBackend({
    ...policiesOf(options),
    name: options.name ?? 'bind9-primary',
    model: options.model,
    after: options.after ?? [],
    identity: (object) => zones.of(object).name,
    prepare: prepareServer,
    save: (script, object) => place(script, checked('A zone', zoneSchema, zones.of(object))),
    rename(script, object, previous) {
      const zone = checked('A zone', zoneSchema, zones.of(object))
      const old = nameOf(previous)
      if (zone.name === old) return
      keepSerial(script, old, zone.name)
      // The old is served until the new is accepted.
      place(script, zone)
      removeZone(script, old)
    },
    park: zones.park,
    delete(script, object) {
      removeZone(script, nameOf(object))
      reloadServer(script)
    },
    list: listZones('primary'),
    read: (name) => sh`cat -- ${zonePath(name)}`,
    prune(script, identity) {
      removeZone(script, checked('The name of a zone', standingDomain, identity))
      reloadServer(script)
    },
    commit: commitServer,
  })
}

function removeZone(script: Script, name: string): void {
  for (const path of [stanzaPath(name), zonePath(name), sourcePath(name), refusedPath(name)])
    script.absent(path)
}

/** It goes on from where it is; who has the new name already is asked when it is published. */
function keepSerial(script: Script, old: string, name: string): void {
  const [from, to] = [zonePath(old), zonePath(name)]
  script.run(sh`cp -p -T -- ${from} ${to}.new; mv -T -- ${to}.new ${to}`, {
    onlyIf: sh`[[ -e ${from} && ! -e ${to} ]]`,
  })
}

/** The stanza comes after this: named never hears of a zone whose first file is refused. */
function publish(script: Script, zone: CheckedZone, secondaries: readonly string[]): void {
  // named reads no zone anew while its configuration is wrong, whoever's zone makes it so: that is found here too.
  script.file(sourcePath(zone.name), zoneSource(zone), { mode: '0644', check })
  script.run(onServer(sh`publish ${[zone.name, ...secondaries]}`), {
    unless: onServer(sh`is_published ${zone.name}`),
  })
}

function stanza(zone: string, secondaries: readonly string[]): string {
  const servers = secondaries.map((address) => `${address};`).join(' ')
  const transfer = secondaries.length === 0 ? 'none;' : servers
  return `zone "${zone}" {
  type primary;
  file "${zonePath(zone)}";
  allow-transfer { ${transfer} };
  notify explicit;
  also-notify { ${servers} };
  notify-delay 0;
};
`
}
