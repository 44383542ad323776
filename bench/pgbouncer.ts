import { type PgBouncer, startPgBouncer } from '../packages/orchestra/test/support/pgbouncer.ts'
import { installPackages, missingPackages } from '../test/packages.ts'
import type { Way } from './stage.ts'

export interface Bouncers {
  /** To a database through a PgBouncer of its own, in transaction mode. */
  way: Way
  stop(): Promise<void>
}

export function bounced(progress: (line: string) => void): Bouncers {
  const started: PgBouncer[] = []
  return {
    way: async (databaseUrl) => {
      install(progress)
      const bouncer = await startPgBouncer(databaseUrl)
      started.push(bouncer)
      return bouncer.url
    },
    stop: async () => {
      for (const bouncer of started) await bouncer.stop()
    },
  }
}

function install(progress: (line: string) => void): void {
  if (!missingPackages().includes('pgbouncer')) return
  progress('installing pgbouncer')
  if (!installPackages(['pgbouncer']))
    throw new Error('pgbouncer is not installed: apt-get install pgbouncer, as root')
}
