import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { onTestFinished } from 'vitest'

export interface Received {
  path: string
  headers: Record<string, string>
  body: string
}

export interface Receiver {
  url: string
  received: Received[]
  /** The status of the next answers, */
  answer: number
  /** which are not given before that. */
  ready: Promise<void>
}

/** A receiver of webhooks on this machine. */
export async function receiver(): Promise<Receiver> {
  const state: Receiver = { url: '', received: [], answer: 204, ready: Promise.resolve() }
  const server = createServer(async (request, response) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    )
    state.received.push({ path: request.url ?? '', headers, body: await text(request) })
    await state.ready
    response.writeHead(state.answer, { location: `${state.url}elsewhere` }).end('and more')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return state
}

export interface Taken {
  from: string
  to: string[]
  text: string
}

/** A mail server on this machine; `login` is what it takes. */
export async function mailServer(login: {
  user: string
  password: string
}): Promise<{ port: number; taken: Taken[] }> {
  const taken: Taken[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _, done) =>
      username === login.user && password === login.password
        ? done(null, { user: username })
        : done(new Error('wrong login')),
    onData: (stream, { envelope }, done) => {
      text(stream).then((content) => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        taken.push({ from, to: envelope.rcptTo.map(({ address }) => address), text: content })
        done()
      }, done)
    },
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  return { port: (server.server.address() as AddressInfo).port, taken }
}
