import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { messageOf } from 'orchestrajs'
import pg from 'pg'
import { connected } from './application.ts'
import { acts, PanelError } from './panel-acts.ts'
import { type PanelView, panelPage, type Site } from './panel-page.ts'
import type { RunningServer } from './servers.ts'
import { stopServer } from './stop-server.ts'

export interface PanelOptions {
  port: number
  databaseUrl: string
  servers: readonly RunningServer[]
  /** Where Orchestra's console is; null where it is not offered. */
  console: string | null
}

export interface Panel {
  url: string
  stop(): Promise<void>
}

type Said = PanelView['said']

/** Bytes of a form. */
const MOST = 64 * 1024
/** Rows that the page shows. */
const SHOWN = 200

/** The application of the playground as a web page: what its customers' administrator would have. */
export async function startPanel(options: PanelOptions): Promise<Panel> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error) => sendText(response, 500, messageOf(error)))
  })
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://localhost:${options.port}/`, stop: () => stopServer(server) }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: PanelOptions,
): Promise<void> {
  if (!isHere(request, options.port)) return sendText(response, 421, 'This is the panel of a playground')
  const [path] = (request.url ?? '/').split('?')
  if (path !== '/') return sendText(response, 404, 'The panel is one page')
  if (request.method === 'GET') return sendPage(response, 200, await view(options, null))
  if (request.method !== 'POST') return sendText(response, 405, 'Only GET and POST here')
  if (!isFromItself(request)) return sendText(response, 403, 'Another page may not press buttons here')
  const said = await press(request, options)
  sendPage(response, said?.tone === 'bad' ? 422 : 200, await view(options, said))
}

/** A page from elsewhere could have a name of its own lead here. */
function isHere({ headers: { host } }: IncomingMessage, port: number): boolean {
  return host === `localhost:${port}` || host === `127.0.0.1:${port}`
}

/** Where a browser says nothing of it, it is no browser that another page could use. */
function isFromItself({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined || headers.origin === `http://${headers.host}`
}

async function press(request: IncomingMessage, { databaseUrl, servers }: PanelOptions): Promise<Said> {
  try {
    const form = await formOf(request)
    const act = acts.get(form.get('act') ?? '')
    if (act === undefined) throw new PanelError('There is no such button.')
    const text = await connected(databaseUrl, (client) => act(form, { client, servers }))
    return { tone: 'good', text: text ?? 'Done.' }
  } catch (error) {
    if (error instanceof PanelError || error instanceof pg.DatabaseError)
      return { tone: 'bad', text: error.message }
    throw error
  }
}

async function view({ databaseUrl, servers, console }: PanelOptions, said: Said): Promise<string> {
  const { rows } = await connected(databaseUrl, (client) =>
    client.query<Site>('select id, domain, title, plan from site order by id limit $1', [SHOWN]),
  )
  return panelPage({ sites: rows, servers, console, said })
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MOST) throw new PanelError('The form is too long')
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

function sendPage(response: ServerResponse, status: number, body: string): void {
  send(response, status, 'text/html', body)
}

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, 'text/plain', `${text}\n`)
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}
