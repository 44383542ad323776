import { z } from 'zod'
import { beginLogin, enterByIdentity, proofsOf, takeBegun } from '../../access/index.ts'
import { BASE } from '../answer.ts'
import type { Door, Entering } from '../door.ts'
import { returnField } from '../return-path.ts'
import { begunCookie } from '../session-cookie.ts'
import { arrivalOf, letIn } from './session.ts'

const nothing = z.strictObject({})
const params = z.strictObject({ provider: z.string().min(1).max(100) })

/** People come in by a provider of identities: their browser goes there, and comes back with what lets it in. */
export const oidcDoors: readonly Door[] = [
  {
    method: 'GET',
    path: '/auth/oidc/{provider}/start',
    about: 'Sends a browser to a provider of identities, to come back logged in',
    anonymous: true,
    leads: true,
    params,
    query: z.strictObject({ returnTo: returnField }),
    body: nothing,
    enter: async (entering) => {
      const { store, providers, reply, site, given } = entering
      const provider = String(given.params.provider)
      const returnTo = String(given.query.returnTo)
      // Before anything is written: whom it would not lead anywhere begins nothing.
      await providers.reach(provider)
      const secret = await beginLogin(store, { provider, returnTo })
      begunCookie.give(reply, site, secret)
      const address = await providers.addressOf(provider, proofsOf(secret), callbackOf(entering).href)
      return reply.redirect(address.href)
    },
  },
  {
    method: 'GET',
    path: '/auth/oidc/{provider}/callback',
    about:
      'Where a provider of identities sends a browser back to: logs in, once, and leads on to `returnTo`',
    anonymous: true,
    leads: true,
    params,
    // A provider may say more than it has to.
    query: z.looseObject({ state: z.string().max(2_000).exactOptional() }),
    body: nothing,
    enter: async (entering) => {
      const { store, providers, request, reply, site, given } = entering
      const provider = String(given.params.provider)
      const secret = begunCookie.read(request.headers, site)
      const { returnTo, proofs } = await takeBegun(store, { secret, provider, state: given.query.state })
      begunCookie.take(reply, site)
      const answer = callbackOf(entering)
      answer.search = new URL(request.url, answer).search
      const identity = await providers.identify(provider, proofs, answer)
      letIn(entering, await enterByIdentity(store, { ...arrivalOf(entering), identity }))
      return reply.redirect(returnTo)
    },
  },
]

/** As the provider knows it; the host of a request was looked at before. */
function callbackOf({ request, site, given }: Entering): URL {
  const origin = site.origin ?? `${request.protocol}://${request.headers.host}`
  return new URL(`${BASE}/auth/oidc/${encodeURIComponent(String(given.params.provider))}/callback`, origin)
}
