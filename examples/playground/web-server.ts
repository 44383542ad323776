import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { messageOf } from 'orchestrajs'
import { type HostedSite, HostIndex, whenMissing } from './hosts.ts'
import { documentOf, escapeHtml } from './page.ts'
import { stopServer } from './stop-server.ts'

export interface WebServerOptions {
  /** The sandbox server's own directory. */
  directory: string
  name: string
  port: number
}

export interface WebServer {
  url: string
  stop(): Promise<void>
}

interface Answer {
  status: number
  type: 'text/html' | 'text/plain'
  body: string | Buffer
}

/** Serves what the backends put into a sandbox server's directory, by the Host header. */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const index = new HostIndex(options.directory)
  const server = createServer((request, response) => {
    answer(request, index, options).then(
      (found) => send(request, response, found),
      (error) => send(request, response, html(500, 'This went wrong', escapeHtml(messageOf(error)))),
    )
  })
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://localhost:${options.port}/`, stop: () => stopServer(server) }
}

async function answer(
  request: IncomingMessage,
  index: HostIndex,
  options: WebServerOptions,
): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return html(405, 'Only GET and HEAD here', '')
  const path = pathOf(request)
  const host = hostOf(request)
  const site = await siteOf(host, index)
  if (site !== undefined) return answerSite(site, path, options)
  const known = await index.list()
  if (!isServerItself(host)) return unknownHost(host, known, options)
  if (path === '/catalogue.txt') return answerCatalogue(options)
  if (path === '/') return overview(known, options)
  return html(
    404,
    'Not found',
    `<p>The server <b>${options.name}</b> has no <code>${escapeHtml(path)}</code>.</p>`,
  )
}

async function answerSite(site: HostedSite, path: string, { directory }: WebServerOptions): Promise<Answer> {
  if (path !== '/' && path !== '/index.html') {
    return html(404, 'Not found', `<p><a href="/">${escapeHtml(site.domain)}</a> is one page.</p>`)
  }
  const body = await readFile(join(directory, 'pages', `${site.id}.html`)).catch(whenMissing(() => undefined))
  return body === undefined
    ? html(404, 'Not found', `<p>${escapeHtml(site.domain)} was removed just now.</p>`)
    : { status: 200, type: 'text/html', body }
}

async function answerCatalogue({ directory }: WebServerOptions): Promise<Answer> {
  const body = await readFile(join(directory, 'catalogue.txt')).catch(whenMissing(() => ''))
  return { status: 200, type: 'text/plain', body }
}

/** Browsers resolve every name below `localhost` to this machine, so sites answer there too. */
async function siteOf(host: string, index: HostIndex): Promise<HostedSite | undefined> {
  if (host === '' || isServerItself(host)) return undefined
  return (await index.find(host)) ?? index.find(host.replace(/\.localhost$/, ''))
}

function isServerItself(host: string): boolean {
  return host === '' || host === 'localhost' || isIP(host.replace(/^\[|\]$/g, '')) !== 0
}

function hostOf(request: IncomingMessage): string {
  const host = request.headers.host ?? ''
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/\?.*$/s, '')
}

function overview(sites: readonly HostedSite[], options: WebServerOptions): Answer {
  const catalogue = '<p class="small"><a href="/catalogue.txt">catalogue.txt</a></p>'
  return html(200, `Sites on ${options.name}`, `${listOf(sites, options)}\n${catalogue}`)
}

function unknownHost(host: string, sites: readonly HostedSite[], options: WebServerOptions): Answer {
  const what = `<p>No site called <b>${escapeHtml(host)}</b> stands on the server <b>${options.name}</b>.</p>`
  return html(404, 'No such site here', `${what}\n${listOf(sites, options)}`)
}

function listOf(sites: readonly HostedSite[], { name, port }: WebServerOptions): string {
  if (sites.length === 0) return `<p>There is nothing on ${name} yet.</p>`
  const shown = sites
    .slice(0, 500)
    .map((site) => `<li>${[site.domain, ...site.aliases].map(link(port)).join(', ')}</li>`)
  const more = sites.length > shown.length ? `\n<p>and ${sites.length - shown.length} more</p>` : ''
  return `<ul>\n${shown.join('\n')}\n</ul>${more}`
}

function link(port: number): (domain: string) => string {
  return (domain) => {
    const safe = escapeHtml(domain)
    return `<a href="http://${safe}.localhost:${port}/">${safe}</a>`
  }
}

function html(status: number, title: string, markup: string): Answer {
  return { status, type: 'text/html', body: documentOf(title, `<h1>${escapeHtml(title)}</h1>\n${markup}`) }
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
