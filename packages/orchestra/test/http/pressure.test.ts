import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { endpoints } from '../../src/http/endpoints/index.ts'
import { listen } from '../../src/http/listen.ts'
import { anybody } from '../../src/http/principal.ts'
import { createLog, createLogWriter } from '../../src/logs/index.ts'
import type { Store } from '../../src/store/index.ts'
import { askerOf } from '../operate/world.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'
import { below, useApis } from './api.ts'

const bin = join(import.meta.dirname, '../../bin/orchestra.js')
const source = join(import.meta.dirname, '../../src/index.ts')
const MEGABYTE = 1_000_000
/** 10,000 take a minute to be opened. */
const STREAMS = 2_000

/** What a server may print that means no good. */
const hostile = Buffer.concat([
  Buffer.from('\u001b]0;owned\u0007\u001b[2J\u0000<script>alert(1)</script>\r\nset-cookie: a=b\r\n\r\n'),
  Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]),
  Buffer.from('\n\nid: 7\nevent: end\ndata: {"state":"SUCCESS"}\n\n\u2028\u202e"}],"ended":true}\n'),
])

describePostgres('the API under pressure', (open) => {
  const build = useWorlds(open)
  const apiOf = useApis()
  const closing: (() => Promise<unknown>)[] = []
  let world: World
  beforeEach(async () => {
    world = await build({})
  })
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  })

  const listening = async (options: Partial<Parameters<typeof listen>[0]> = {}) => {
    const { store, config, load, environment } = askerOf(world)
    const asking = { store, config, load, environment, authenticate: anybody(), holds: 'store' } as const
    const api = await listen({ ...asking, onError: () => {}, host: '127.0.0.1', port: 0, ...options })
    closing.push(() => api.close())
    return api
  }

  const socketTo = async (url: string): Promise<Socket> => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    // Whoever is refused in the middle of what he sends is cut off.
    socket.on('error', () => undefined)
    closing.push(async () => socket.destroy())
    await once(socket, 'connect')
    return socket
  }

  /** `orchestra serve`, whose memory is its own. */
  const served = async () => {
    const directory = await mkdtemp(join(tmpdir(), 'orchestra-pressure-'))
    closing.push(() => rm(directory, { recursive: true, force: true }))
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
    await writeFile(
      join(directory, 'orchestra.config.ts'),
      `import { defineConfig } from ${JSON.stringify(source)}\nexport default defineConfig({ models: [], backends: [] })\n`,
    )
    const child = spawn(process.execPath, [bin, 'serve', '--open', '--port', '0', '--json'], {
      cwd: directory,
      env: { ...process.env, DATABASE_URL: world.store.databaseUrl, ORCHESTRA_KEY: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    closing.push(() => {
      child.kill('SIGKILL')
      return ended
    })
    for await (const line of createInterface(child.stdout)) {
      const told = JSON.parse(line) as { event: string; url?: string }
      if (told.url !== undefined) return { url: told.url, pid: child.pid ?? 0 }
    }
    throw new Error('it ended without listening')
  }

  /** Of a script that has begun. */
  const addLog = async (): Promise<number> => {
    const [server] = await world.store.query<{ id: number }>('select id from orchestra.server')
    return createLog(world.store, {
      runId: crypto.randomUUID(),
      serverId: server?.id ?? 0,
      backend: 'files',
      method: 'local',
      script: `echo '</pre><script>'\n\u001b[2J`,
      fence: 1,
      attempt: 1,
      operations: [],
    })
  }

  interface Hearing {
    hears(text: string): Promise<void>
  }

  /** A stream of events, when the first is there. */
  const streamOf = async (url: string): Promise<Hearing> => {
    const socket = await socketTo(url)
    let heard = ''
    let hear = () => {}
    socket.on('data', (bytes) => {
      heard += bytes
      hear()
    })
    socket.write('GET /api/v1/events/stream HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
    await once(socket, 'data')
    const hears = (text: string) =>
      new Promise<void>((resolve) => {
        hear = () => heard.includes(text) && resolve()
        hear()
      })
    return { hears }
  }

  /** Bytes that a process had at most. */
  const peakOf = (pid: number): number =>
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024

  it('takes no body of 10 MB, whether its size is told before or not, and keeps none of them', async () => {
    const { url, pid } = await served()
    const before = peakOf(pid)
    const body = new Uint8Array(10 * MEGABYTE).fill(0x20)
    const send = async (told: boolean): Promise<number | 'cut off'> => {
      const stream = new Blob([body]).stream()
      const headers = { 'content-type': 'application/json' }
      const given = told ? { body } : { body: stream, duplex: 'half' }
      return fetch(`${url}/servers/here/hold`, { method: 'POST', headers, ...given } as RequestInit).then(
        ({ status }) => status,
        () => 'cut off',
      )
    }
    const answers = await Promise.all(Array.from({ length: 40 }, (_, nth) => send(nth % 2 === 0)))
    expect(answers.filter((answer) => answer !== 413 && answer !== 'cut off')).toEqual([])
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(peakOf(pid) - before).toBeLessThan(150 * MEGABYTE)
  })

  it('is not harmed by JSON that is nested without end', async () => {
    const api = apiOf(world)
    const payload = `${'['.repeat(400_000)}${']'.repeat(400_000)}`
    const headers = { 'content-type': 'application/json' }
    const response = await api.ask({ method: 'POST', url: below('/servers/here/hold'), headers, payload })
    expect(response.statusCode).toBe(400)
    expect(api.troubles).toEqual([])
  })

  it('ends requests that come byte by byte, and answers others meanwhile', async () => {
    const { url } = await listening({ patience: 2_000 })
    const slow = {
      head: 'GET /api/v1/status HTTP/1.1\r\nhost: 127.0.0.1\r\n',
      body: `POST /api/v1/servers/here/hold HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n`,
    }
    const ends = await Promise.all(
      Object.values(slow).flatMap((begun) =>
        Array.from({ length: 50 }, async () => {
          const socket = await socketTo(url)
          socket.write(begun)
          const drip = setInterval(() => socket.write('x'), 200)
          const ended = socket.toArray().catch(() => [])
          return ended.finally(() => clearInterval(drip))
        }),
      ),
    )
    expect(ends).toHaveLength(100)
    const told = ends.map((chunks) => Buffer.concat(chunks as Buffer[]).toString())
    expect(told.filter((text) => text !== '' && !/^HTTP\/1\.1 (408|400) /.test(text))).toEqual([])
    expect((await fetch(`${url}/api/v1/status`)).status).toBe(200)
  })

  it('keeps thousands of idle streams in little memory, and tells each what happens', async () => {
    const { url, pid } = await served()
    const before = peakOf(pid)
    const streams: Hearing[] = []
    while (streams.length < STREAMS)
      streams.push(...(await Promise.all(Array.from({ length: 100 }, () => streamOf(url)))))
    expect((await fetch(`${url}/status`)).status).toBe(200)
    const log = await addLog()
    await Promise.all(streams.map(({ hears }) => hears(`"log":${log},`)))
    expect((peakOf(pid) - before) / STREAMS).toBeLessThan(100_000)
  })

  it('looks once for all streams, however many wait', async () => {
    const { store } = world
    let looks = 0
    const query: Store['query'] = (text, values) => {
      if (text.includes('orchestra.event')) looks += 1
      return store.query(text, values)
    }
    const { url } = await listening({ store: { ...store, query } })
    await Promise.all(Array.from({ length: 50 }, () => streamOf(`${url}/api/v1`)))
    await vi.waitUntil(() => looks > 0, 60_000)
    looks = 0
    for (let rings = 1; rings <= 3; rings++) {
      await store.query(`select pg_notify('orchestra_wake', '')`)
      await vi.waitUntil(() => looks >= rings, 60_000)
    }
    expect(looks).toBeLessThan(50)
  })

  it('shows what a server printed as what it is, at every endpoint of a log', async () => {
    const log = await addLog()
    const writer = createLogWriter(world.store, { logId: log })
    await writer.write('stdout', null, hostile)
    await writer.finish({ state: 'SUCCESS', exitCode: 0 })
    const api = apiOf(world)
    for (const { method, path, kind } of endpoints) {
      if (method !== 'GET' || !path.startsWith('/logs/{log}')) continue
      const query = path.endsWith('/search') ? '?q=script' : ''
      const response = await api.ask(`${below(path.replace('{log}', String(log)))}${query}`)
      const { headers } = response
      expect([path, response.statusCode, headers['set-cookie']]).toEqual([path, 200, undefined])
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['content-security-policy']).toMatch(/default-src 'none'|sandbox/)
      if (kind === 'text' || kind === 'bytes') {
        expect(headers['content-type']).toMatch(/^(text\/plain|application\/octet-stream)/)
        expect(headers['content-disposition']).toMatch(/^attachment/)
      } else if (kind === 'stream') {
        const events = response.body.split('\n\n').filter((text) => /^event: end$/m.test(text))
        expect(events).toHaveLength(1)
        expect(events[0]).not.toContain('id: 7')
      } else expect(() => response.json()).not.toThrow()
      if (path.endsWith('/output')) expect(response.rawPayload).toEqual(hostile)
    }
    expect(api.troubles).toEqual([])
  })
})
