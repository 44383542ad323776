import type { z } from 'zod'
import type { Config } from '../config/config.ts'
import { createMethods } from '../methods/index.ts'
import { doerOf } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import { perform } from './perform.ts'
import type { Verb } from './verb.ts'

/** What a program asks with. */
export interface Application {
  store: Store
  config: Config
  /** For whom it asks; default the system user that it runs as. */
  actor?: string | null | undefined
  /** Ends what lasts. */
  signal?: AbortSignal | undefined
}

/** The face of a program that has Orchestra inside: nobody is there who could be asked or told anything meanwhile. */
export function askFor<Schema extends z.ZodType, Output>(
  { store, config, actor, signal = new AbortController().signal }: Application,
  verb: Verb<string, Schema, Output>,
  given: z.input<Schema>,
): Promise<Output> {
  const name = actor ?? doerOf({})
  const kind = actor == null ? 'os-user' : 'claimed'
  const open = async () => ({
    store,
    config,
    principal: { kind, name } as const,
    face: 'function' as const,
    methods: () => createMethods(),
    agree: async () => 'refused' as const,
    tell: () => undefined,
    signal,
  })
  return perform({ verb, given, open })
}
