import { z } from 'zod'
import { type Arrival, closeSession, type Entered, enterByLink, login } from '../../access/index.ts'
import { answering, type Door, type Entering } from '../door.ts'
import { returnField } from '../return-path.ts'
import { sessionCookie } from '../session-cookie.ts'

const nothing = z.strictObject({})
/** Whatever somebody types into a field. */
const typed = z.string().min(1).max(2_000)

/** Who came in, and where his browser is to go on. */
const entered = z.strictObject({
  user: z.string(),
  createdAt: z.string(),
  endsAt: z.string(),
  returnTo: z.string(),
})

/** From where somebody comes; what he had before ends, so that nobody can have put it there for him. */
export function arrivalOf({ request, site }: Pick<Entering, 'request' | 'site'>): Arrival {
  const { ip: address, headers } = request
  return { address, agent: headers['user-agent'], former: sessionCookie.read(headers, site) }
}

/** Lets him in: his browser has the secret from now on, and nobody else. */
export function letIn({ reply, site }: Pick<Entering, 'reply' | 'site'>, { secret, session }: Entered) {
  sessionCookie.give(reply, site, secret)
  const { user, createdAt, endsAt } = session
  return { user, createdAt, endsAt }
}

export const sessionDoors: readonly Door[] = [
  answering({
    method: 'POST',
    path: '/session',
    about: 'Logs in by name and password: answers a cookie, and who it is for',
    anonymous: true,
    params: nothing,
    query: nothing,
    body: z.strictObject({ name: typed, password: typed, returnTo: returnField }),
    answer: entered,
    enter: async (entering) => {
      const { name, password, returnTo = '/' } = entering.given.body as Record<string, string>
      const arriving = { ...arrivalOf(entering), name: name ?? '', password: password ?? '' }
      return { ...letIn(entering, await login(entering.store, arriving)), returnTo }
    },
  }),
  answering({
    method: 'POST',
    path: '/session/link',
    about: 'Logs in by a link that `orchestra user link` made, once',
    anonymous: true,
    params: nothing,
    query: nothing,
    body: z.strictObject({ link: typed, returnTo: returnField }),
    answer: entered,
    enter: async (entering) => {
      const { link, returnTo = '/' } = entering.given.body as Record<string, string>
      const arriving = { ...arrivalOf(entering), secret: link ?? '' }
      return { ...letIn(entering, await enterByLink(entering.store, arriving)), returnTo }
    },
  }),
  answering({
    method: 'DELETE',
    path: '/session',
    about: 'Logs out: the session ends, with its streams',
    anonymous: false,
    params: nothing,
    query: nothing,
    body: nothing,
    answer: z.strictObject({ ended: z.boolean() }),
    enter: async ({ store, site, request, reply, streams, whoAsks }) => {
      const principal = whoAsks()
      if (principal.byCookie !== true) return { ended: false }
      const secret = sessionCookie.read(request.headers, site) ?? ''
      await closeSession(store, { secret, address: request.ip })
      streams.endOf(principal)
      sessionCookie.take(reply, site)
      return { ended: true }
    },
  }),
]
