import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { context, ProxyTracerProvider, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import type { TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { activeTrace, contextOf } from '../src/telemetry/index.ts'
import { application } from './support/application.ts'
import { untilWithin } from './support/processes.ts'
import { describePostgres } from './support/stores.ts'
import { useWorlds } from './support/world.ts'

interface Told {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  status?: { code?: number }
  links?: { spanId: string }[]
  attributes: { key: string; value: Record<string, unknown> }[]
}

/** A collector of traces, as OTLP over HTTP has it. */
async function receiver() {
  const spans: Told[] = []
  const server: Server = createServer(async (request, response) => {
    const body = (await json(request)) as { resourceSpans: { scopeSpans: { spans: Told[] }[] }[] }
    spans.push(...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
    response.setHeader('content-type', 'application/json').end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { spans, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const root = join(import.meta.dirname, '../../..')
const guide = readFileSync(join(root, 'docs/monitoring.md'), 'utf8')

/** What docs/monitoring.md has people write, as it stands there: found where the packages are that it imports. */
async function asTheGuideSays(endpoint: string): Promise<TracerProvider> {
  const [, example = ''] = /^```ts\n(.*?)^```$/ms.exec(guide.slice(guide.indexOf('## Traces'))) ?? []
  const directory = join(root, 'node_modules', '.orchestra-traces')
  const file = join(directory, `${process.pid}.mjs`)
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpoint
  try {
    await mkdir(directory, { recursive: true })
    await writeFile(file, example)
    return ((await import(pathToFileURL(file).href)) as { provider: TracerProvider }).provider
  } finally {
    await rm(file, { force: true })
    Reflect.deleteProperty(process.env, 'OTEL_EXPORTER_OTLP_ENDPOINT')
  }
}

test('what the tools of a trace said of it goes with it', () => {
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const travels = (text: string) => context.with(contextOf(text), activeTrace)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  try {
    for (const state of ['', ' vendor=t61rcWkgMzE,other=1'])
      expect(travels(parent + state)).toBe(parent + state)
    expect(travels(`${parent} no state`)).toBe(parent)
    expect(travels(`${parent} a=${'x'.repeat(600)}`)).toBeUndefined()
  } finally {
    context.disable()
  }
})

test('what is no trace is none: whoever writes rows may have written anything', () => {
  const id = '0af7651916cd43dd8448eb211c80319c'
  expect(trace.getSpanContext(contextOf(`00-${id}-b7ad6b7169203331-01`))).toMatchObject({ traceId: id })
  const others = [
    '',
    'x',
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${id}-b7ad6b7169203331`,
    `00-${id.toUpperCase()}-b7ad6b7169203331-01`,
  ]
  for (const text of [null, undefined, ...others, `00-${id}-b7ad6b7169203331-01\n`, 'a'.repeat(1_000_000)])
    expect(trace.getSpanContext(contextOf(text))).toBeUndefined()
})

describePostgres('traces', (open) => {
  const build = useWorlds(open)
  let collector: Awaited<ReturnType<typeof receiver>>
  let provider: TracerProvider
  beforeEach(async () => {
    collector = await receiver()
    provider = await asTheGuideSays(collector.url)
  })
  afterEach(async () => {
    await provider.shutdown()
    trace.disable()
    context.disable()
    collector.server.close()
  })

  test('lead from a request over its unit of work and the operations to the scripts on servers', async () => {
    const world = await build({ servers: ['web1'] })
    const { orchestra, pool } = await application(world)
    const request = trace.getTracer('application').startSpan('PUT /sites/1')
    await context.with(trace.setSpan(context.active(), request), () =>
      orchestra.unitOfWork(
        async () => {
          await pool.query(`insert into site (id, domain, body) values (1, 'secret.example', 'fail')`)
          await pool.query(`insert into site (id, domain) values (2, 'two.example')`)
        },
        { actor: 'ana' },
      ),
    )
    request.end()
    await pool.query(`insert into site (id, domain) values (3, 'untraced.example')`)
    await world.work()
    await untilWithin(60_000, 'all were tried', async () => {
      const tried = (await world.operations()).filter(
        ({ attempt, state }) => attempt > 0 && state !== 'running',
      )
      return tried.length === 3
    })
    await world.stopWorkers()
    await provider.forceFlush()
    const named = (name: string) => collector.spans.filter((span) => span.name === name)
    const { traceId, spanId } = request.spanContext()
    const unit = named('orchestra.unit').find((span) => span.traceId === traceId)
    expect(unit).toMatchObject({ parentSpanId: spanId })
    const operations = named('orchestra.operation').filter((span) => span.traceId === traceId)
    expect(operations.length).toBeGreaterThanOrEqual(2)
    for (const { parentSpanId } of operations) expect(parentSpanId).toBe(unit?.spanId)
    const failed = operations.filter(({ status }) => status?.code === 2)
    expect(failed.map(attributesOf)).toContainEqual(
      expect.objectContaining({
        'orchestra.outcome': 'failure',
        'error.type': 'failure',
        'orchestra.model': 'site',
      }),
    )
    const ids = new Set(named('orchestra.operation').map((span) => span.spanId))
    const scripts = named('orchestra.script')
    expect(scripts.length).toBeGreaterThanOrEqual(1)
    for (const script of scripts) {
      expect(ids).toContain(script.parentSpanId)
      for (const { spanId: linked } of script.links ?? []) expect(ids).toContain(linked)
      expect(attributesOf(script)).toMatchObject({ 'orchestra.server': 'web1', 'orchestra.backend': 'files' })
    }
    expect(new Set(named('orchestra.unit').map((span) => span.traceId)).size).toBe(2)
    expect(JSON.stringify(collector.spans)).not.toMatch(/secret\.example|no such thing/)
  })
})

describePostgres('tracing that is broken', (open) => {
  const build = useWorlds(open)
  afterEach(() => trace.disable())

  test.each(['startSpan', 'end'] as const)(
    'keeps no work from being done where %s throws',
    async (broken) => {
      const fail = () => {
        throw new Error('the SDK is broken')
      }
      const span = Object.assign(trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }), {
        end: fail,
      })
      const startSpan = broken === 'startSpan' ? fail : () => span
      const others = new ProxyTracerProvider()
      trace.setGlobalTracerProvider({
        // pg-boss tells spans of its own, and reports what fails there itself.
        getTracer: (name: string) => (name === 'orchestra' ? { startSpan } : others.getTracer(name)),
      } as unknown as TracerProvider)
      const world = await build()
      await world.work()
      await world.store.query('insert into site (id) values (1)')
      await world.calm()
      expect(await world.files()).toEqual(await world.wanted())
      expect(await world.operations()).toMatchObject([{ outcome: 'success', attempt: 1 }])
      expect(world.errors).toEqual([])
    },
  )
})

function attributesOf({ attributes }: Told): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
