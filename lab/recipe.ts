import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { DebianSource } from './debian-source.ts'

/** What every host of the lab has installed. Daemons are disabled; tests enable what they need. */
const packages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'openssl',
  'sudo',
  'iproute2',
  'procps',
  'python3',
  'nginx',
  'bind9',
  'bind9-dnsutils',
  'bind9-utils',
  'cron',
  'postfix',
  'postfix-lmdb',
  'mariadb-server',
]

export const buildScript = new URL('build-base.sh', import.meta.url).pathname

export interface Recipe {
  source: DebianSource
  packages: readonly string[]
  /** Names the base: changes whenever a host would look different. */
  hash: string
}

export function recipeFor(source: DebianSource): Recipe {
  const identity = JSON.stringify([
    source.suite,
    source.components,
    packages,
    readFileSync(buildScript, 'utf8'),
  ])
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 12)
  return { source, packages, hash }
}
