import type { Config } from '../config/config.ts'
import type { LoadedConfig } from '../config/load.ts'
import { OrchestraError } from '../errors.ts'
import { createMethods } from '../methods/index.ts'
import type { AnyVerb, Context, Ground, Needs } from '../operate/index.ts'
import { expecting, perform } from '../operate/index.ts'
import type { Store } from '../store/index.ts'
import type { Principal } from './principal.ts'

/** What the process has that the API runs in: a store alone, the key too, or ways to servers as well. */
export type Holds = Exclude<Needs, 'configuration'>

/** What verbs are asked with. */
export interface Surroundings {
  store: Store
  config: Config
  load: () => Promise<LoadedConfig>
  environment: NodeJS.ProcessEnv
  holds: Holds
}

/** Who asks for something, and how. */
export interface Asker {
  principal: Principal
  /** From where he asks. */
  address: string
  /** Whether he agrees to what cannot be taken back. */
  agrees: boolean
  /** Of one of which what he changes has to be; undefined for any. */
  versions?: readonly string[] | undefined
  /** Ends what lasts, when he has left. */
  signal: AbortSignal
}

/** Asks for a verb: the face of programs elsewhere, who are asked nothing meanwhile. */
export async function askBy(
  surroundings: Surroundings,
  verb: AnyVerb,
  given: unknown,
  { principal, address, agrees, versions, signal }: Asker,
): Promise<unknown> {
  if (!isHeld(surroundings.holds, verb)) throw keyAbsent(verb)
  const { store, config, load, environment } = surroundings
  const context: Context<unknown> & Ground<unknown> = {
    store: expecting(store, verb.name, given, versions),
    config,
    load,
    environment,
    principal: principal.acting,
    address,
    face: 'http',
    methods: () => createMethods({ environment }),
    agree: async () => (agrees ? 'given' : 'refused'),
    tell: () => undefined,
    signal,
  }
  return perform({ verb, given, open: async () => context as never })
}

const held: Readonly<Record<Holds, readonly Needs[]>> = {
  store: ['configuration', 'store'],
  key: ['configuration', 'store', 'key'],
  servers: ['configuration', 'store', 'key', 'servers'],
}

/** Whether this process has what a verb needs. */
export function isHeld(holds: Holds, { needs }: AnyVerb): boolean {
  return held[holds].includes(needs)
}

function keyAbsent({ name }: AnyVerb): OrchestraError {
  return new OrchestraError(
    'ORC_KEY_ABSENT',
    `${name} needs the encryption key, which this server works without`,
    { hint: 'Ask by the command, or of an API that `orchestra up --http` offers' },
  )
}
