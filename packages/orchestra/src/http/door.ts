import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Config } from '../config/config.ts'
import type { Store } from '../store/index.ts'
import type { Given } from './endpoint.ts'
import type { Limit } from './limits.ts'
import type { Providers } from './oidc/providers.ts'
import type { OpenStreams } from './open-streams.ts'
import type { Principal } from './principal.ts'
import type { Site } from './site.ts'

/** What somebody does to come in, to leave, and to learn who he is: no verb, because it is of this face alone. */
export interface Door {
  method: 'GET' | 'POST' | 'DELETE'
  /** Below `/api/v1`. */
  path: string
  about: string
  /** Nobody is asked who he is: that is what it is for. */
  anonymous: boolean
  /** A browser comes here by itself, to be led on: what is wrong it is told as a page. */
  leads?: true
  /** Its body is taken as the bytes that it is, so many at most; and the headers that it goes by besides. */
  raw?: { bytes: number; headers: readonly string[] }
  /** Default 200. */
  status?: 202
  params: z.ZodObject
  query: z.ZodObject
  body: z.ZodObject
  /** What it answers; nothing where it leads a browser on. */
  answer?: z.ZodType
  enter(entering: Entering): Promise<unknown>
}

/** A door whose answer is what it says that it is. */
export function answering<Answer extends z.ZodType>(
  door: Omit<Door, 'leads' | 'answer' | 'enter'> & {
    answer: Answer
    enter(entering: Entering): Promise<z.input<Answer>>
  },
): Door {
  return door
}

/** What a door works with. What it answers is sent as JSON. */
export interface Entering {
  store: Store
  config: Config
  site: Site
  request: FastifyRequest
  reply: FastifyReply
  given: Given
  streams: OpenStreams
  providers: Providers
  /** Counts whom nobody knows before the door does. */
  limit: Limit
  /** @throws OrchestraError ORC_HTTP_ANONYMOUS where nobody is asked who he is */
  whoAsks: () => Principal
}
