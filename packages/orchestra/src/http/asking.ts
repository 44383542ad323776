import type { Config } from '../config/config.ts'
import type { LoadedConfig } from '../config/load.ts'
import { OrchestraError } from '../errors.ts'
import { createMethods } from '../methods/index.ts'
import type { AnyVerb, Context, Ground, Needs } from '../operate/index.ts'
import { perform } from '../operate/index.ts'
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
  /** Whether he agrees to what cannot be taken back. */
  agrees: boolean
  /** Ends what lasts, when he has left. */
  signal: AbortSignal
}

/** Asks for a verb: the face of programs elsewhere, who are asked nothing meanwhile. */
export async function askBy(
  surroundings: Surroundings,
  verb: AnyVerb,
  given: unknown,
  { principal, agrees, signal }: Asker,
): Promise<unknown> {
  assertHeld(surroundings.holds, verb)
  const { store, config, load, environment } = surroundings
  const context: Context<unknown> & Ground<unknown> = {
    store,
    config,
    load,
    environment,
    principal: principal.acting,
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

function assertHeld(holds: Holds, { name, needs }: AnyVerb): void {
  if (held[holds].includes(needs)) return
  throw new OrchestraError(
    'ORC_KEY_ABSENT',
    `${name} needs the encryption key, which this server works without`,
    {
      hint: 'Ask by the command, or of an API that `orchestra up --http` offers',
    },
  )
}
