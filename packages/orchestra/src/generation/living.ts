import { hostname } from 'node:os'
import type { Config } from '../config/config.ts'
import { often, type Queryable } from '../store/index.ts'

/** A configuration that workers have, and what it knows. The higher number is the newer one. */
export interface Generation {
  number: number
  models: readonly string[]
  /** By name the model of each. */
  backends: Readonly<Record<string, string>>
  /** How many live that have it. */
  workers: number
}

/** SQL that is true for a worker that has a say. As long as a lease: whoever is taken for dead decides nothing any more. */
export const HAS_A_SAY = `halted is null and seen_at > now() - interval '10 seconds'`

/** What a configuration knows, whatever its number and whoever has it. */
export type Known = Pick<Generation, 'models' | 'backends'>

export function knownTo(config: Config): Known {
  return {
    models: [...config.models.keys()],
    backends: Object.fromEntries([...config.backends].map(([name, { model }]) => [name, model.name])),
  }
}

/**
 * The number of a configuration, given out when it is seen first. One that comes back has its old number, so that an old worker that
 * starts again does not win over a newer one.
 */
export async function register(db: Queryable, config: Config): Promise<number> {
  const { models, backends } = knownTo(config)
  const [known] = await db.query<{ number: number }>(
    'update orchestra.generation set seen_at = now(), host = $2 where fingerprint = $1 returning number',
    [config.fingerprint, hostname()],
  )
  if (known !== undefined) return known.number
  const [made] = await db.query<{ number: number }>(
    `insert into orchestra.generation (fingerprint, models, backends, host) values ($1, $2, $3, $4)
     on conflict (fingerprint) do update set seen_at = now() returning number`,
    [config.fingerprint, models, JSON.stringify(backends), hostname()],
  )
  return made?.number ?? register(db, config)
}

/** The configurations of the workers that live, the oldest first. */
export function livingGenerations(db: Queryable): Promise<Generation[]> {
  return db.query<Generation>(
    often(
      `select g.number, g.models, g.backends, living.workers from orchestra.generation g
       join (select generation, count(*)::int as workers from orchestra.worker where ${HAS_A_SAY} group by generation) living
         on living.generation = g.number
       order by g.number`,
    ),
  )
}
