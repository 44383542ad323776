import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OrchestraError } from '../errors.ts'
import { type BuiltFile, builtConsole } from './built-console.ts'
import { consolePage, type Told, upFrom } from './console-page.ts'
import { handedOver } from './handover.ts'
import { hashed, style } from './page-style.ts'

/** How the paths of the console's screens begin: all that follows is read by the page. */
const screens = [
  'servers',
  'objects',
  'units',
  'logs',
  'changes',
  'bulk',
  'approvals',
  'routes',
  'incidents',
  'schedules',
  'backends',
  'audit',
  'settings',
  'sign-in',
] as const

/** Said by the page as long as there is no other. */
const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Orchestra</title><style>${style}</style>
<h1>Orchestra</h1><p>The console is not built yet. In the repository, <code>npm run console</code> builds it; then load this page again.</p></html>
`
const notBuiltPolicy = `default-src 'none'; style-src ${hashed(style)}; base-uri 'none'; frame-ancestors 'none'`

/** A name changes with what is in the file, so nobody has to ask twice. */
const FOREVER = 'immutable, max-age=31536000'

/** The console: its page at all its paths, and the files of the page. It says nothing that is not said to everybody. */
export function addScreens(app: FastifyInstance, told: Told): void {
  // Whom the application vouches for is looked at as everywhere.
  const config = told.signIn ? ({ anonymous: 'uncounted' } as const) : {}
  const show = async (request: FastifyRequest, reply: FastifyReply) => sendPage(request, reply, told)
  app.get('/', { config }, show)
  for (const screen of screens) {
    app.get(`/${screen}`, { config }, show)
    app.get(`/${screen}/*`, { config }, show)
  }
  app.get<{ Params: { name: string } }>('/assets/:name', { config }, async (request, reply) => {
    const file = builtConsole()?.assets.get(request.params.name)
    if (file === undefined) throw new OrchestraError('ORC_HTTP_UNKNOWN', 'Nothing is at this path')
    return sendFile(request, reply, file, told)
  })
}

function sendPage(request: FastifyRequest, reply: FastifyReply, told: Told): FastifyReply {
  reply.type('text/html; charset=utf-8').header('cache-control', 'no-store')
  const built = builtConsole()
  if (built === undefined)
    return reply.code(503).header('content-security-policy', notBuiltPolicy).send(notBuilt)
  const [path = '/'] = request.url.split('?')
  const { html, policy } = consolePage(built, told, upFrom(path, baseOf(request)))
  return reply.header('content-security-policy', policy).send(html)
}

/** What stands before the page's path, where the browser asked without a slash behind it. */
function baseOf({ raw }: FastifyRequest): string {
  const { base = '', endsOpen = false } = handedOver(raw) ?? {}
  return endsOpen ? base : ''
}

function sendFile(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  { type, bytes, gzipped }: BuiltFile,
  { signIn }: Told,
): FastifyReply {
  // What only some may have is kept by their browsers alone.
  reply.type(type).header('cache-control', `${signIn ? 'public' : 'private'}, ${FOREVER}`)
  if (gzipped === undefined) return reply.send(bytes)
  reply.header('vary', 'accept-encoding')
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(String(headers['accept-encoding'] ?? ''))
  return takesGzip ? reply.header('content-encoding', 'gzip').send(gzipped) : reply.send(bytes)
}
