import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

/** Somebody whom the provider knows. */
export interface Person {
  preferred_username?: string
  groups?: unknown
}

/** A real provider of identities that listens, with the people that it knows. */
export interface RunningProvider {
  issuer: string
  people: Map<string, Person>
  /** Goes where a browser was sent, logs in there, and answers where that leads back to. */
  visit(address: string, person: string): Promise<URL>
  close(): Promise<void>
}

export const CLIENT = { id: 'orchestra', secret: 'a secret of the client: %+&:' }

export async function runProvider(redirect: string): Promise<RunningProvider> {
  const server = createServer()
  const issuer = await listening(server)
  const people = new Map<string, Person>()
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [redirect],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    ttl: { AccessToken: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
    cookies: { keys: ['of this test'] },
    pkce: { required: () => true },
    findAccount: async (_context, sub) =>
      people.has(sub) ? { accountId: sub, claims: async () => ({ sub, ...people.get(sub) }) } : undefined,
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: CLIENT.id, accountId: oidc.session?.accountId ?? '' })
      grant.addOIDCScope('openid profile')
      await grant.save()
      return grant
    },
  })
  server.on('request', provider.callback())
  return {
    issuer,
    people,
    visit: (address, person) => visit(address, person, redirect),
    close: () => closed(server),
  }
}

/** A browser of its own, which takes the form that the provider shows. */
async function visit(address: string, person: string, redirect: string): Promise<URL> {
  const cookies = new Map<string, string>()
  let next = new URL(address)
  let form: URLSearchParams | undefined
  for (let step = 0; step < 10; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(next, {
      redirect: 'manual',
      headers: { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    })
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    await answer.arrayBuffer()
    form =
      location === null ? new URLSearchParams({ prompt: 'login', login: person, password: 'any' }) : undefined
    if (location !== null) next = new URL(location, next)
    if (next.href.startsWith(redirect)) return next
  }
  throw new Error(`${next.href} leads nowhere`)
}

export async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}
