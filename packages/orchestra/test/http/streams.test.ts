import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Listening, listen } from '../../src/http/listen.ts'
import { anybody } from '../../src/http/principal.ts'
import { createLogWriter } from '../../src/logs/index.ts'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import type { Store } from '../../src/store/index.ts'
import { addLog } from '../logs/fixtures.ts'
import { askerOf } from '../operate/world.ts'
import { until } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

interface Told {
  id: string
  event: string
  data: string
}

/** Events of a stream as a browser reads them. */
async function* told(response: Response): AsyncGenerator<Told> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const fieldOf = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? ''
      yield { id: fieldOf('id'), event: fieldOf('event'), data: fieldOf('data') }
    }
  }
}

/** The next event of that kind. */
async function next(events: AsyncGenerator<Told>, kind: string): Promise<Told> {
  for (;;) {
    const { value, done } = await events.next()
    if (done) throw new Error(`the stream ended before ${kind}`)
    if (value.event === kind) return value
  }
}

describeStores('a stream', (open) => {
  const build = useWorlds(open)
  let world: World
  let api: Listening
  let listeners: number
  beforeEach(async () => {
    world = await build({})
    listeners = 0
    const listenOnce: Store['listen'] = (...all) => {
      listeners += 1
      return world.store.listen(...all)
    }
    const { config, load, environment } = askerOf(world)
    api = await listen({
      store: { ...world.store, listen: listenOnce },
      config,
      load,
      environment,
      authenticate: anybody(),
      holds: 'store',
      onError: () => undefined,
      host: '127.0.0.1',
      port: 0,
    })
  })
  afterEach(() => api.close())

  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${api.url}/api/v1${path}`, { headers })

  const anyLog = async (): Promise<number> => {
    const [server] = await world.store.query<{ id: number }>('select id from orchestra.server limit 1')
    return addLog(world.store, server?.id ?? 0)
  }

  it('of a log tells its lines from one on, live, and how it ended', async () => {
    const id = await anyLog()
    const writer = createLogWriter(world.store, { logId: id })
    writer.write('stdout', null, Buffer.from('one\ntwo\nthr'))
    const events = told(await ask(`/logs/${id}/stream?from=2`))
    expect(JSON.parse((await next(events, 'lines')).data)).toMatchObject([{ n: 2, offset: 4, text: 'two' }])
    writer.write('stdout', null, Buffer.from('ee\nfour'))
    const more = await next(events, 'lines')
    expect(more.id).toBe('3')
    expect(JSON.parse(more.data)).toMatchObject([{ n: 3, offset: 8, text: 'three' }])
    await writer.finish({ state: 'SUCCESS' })
    expect(JSON.parse((await next(events, 'lines')).data)).toMatchObject([{ n: 4, text: 'four' }])
    expect(JSON.parse((await next(events, 'end')).data)).toMatchObject({ id, state: 'SUCCESS' })
    expect((await events.next()).done).toBe(true)
    const again = told(await ask(`/logs/${id}/stream`, { 'last-event-id': '3' }))
    expect(JSON.parse((await next(again, 'lines')).data)).toMatchObject([{ n: 4, text: 'four' }])
  })

  it('of events goes on where its reader was, and nothing is lost meanwhile', async () => {
    const leaving = new AbortController()
    const response = await fetch(`${api.url}/api/v1/events/stream`, { signal: leaving.signal })
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const events = told(response)
    const { value: begun } = await events.next()
    expect(begun).toMatchObject({ event: '', data: '' })
    await holdServer(world.store, 'here', { by: 'alice', reason: 'disk' })
    const held = await next(events, 'server-held')
    expect(JSON.parse(held.data)).toMatchObject({ server: 'here', by: 'alice', cursor: held.id })
    leaving.abort()
    await releaseServer(world.store, 'here', { by: 'alice' })
    const again = told(await ask('/events/stream', { 'last-event-id': held.id }))
    await next(again, 'server-released')
    await again.return(undefined)
  })

  it('takes no connection of its own, and ends with the server', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => ask('/events/stream')))
    const all = streams.map((one) => told(one))
    await Promise.all(all.map((one) => one.next()))
    await holdServer(world.store, 'here', { by: 'alice' })
    await Promise.all(all.map((one) => next(one, 'server-held')))
    expect(listeners).toBe(1)
    const ends = all.map(async (one) => {
      while (!(await one.next()).done);
    })
    await api.close()
    await Promise.all(ends)
  })

  it('is not needed to wait for a unit of work: who waits is answered when all of it has an outcome, or his time is over', async () => {
    const { store } = world
    await store.query(`insert into site (id, body) values (1, 'a')`)
    await world.collect()
    const [unit] = await store.query<{ id: string }>('select id from orchestra.unit')
    const asked = async (wait: number) => (await ask(`/units/${unit?.id}?wait=${wait}`)).json()
    expect(await asked(1)).toMatchObject({ state: 'pending' })
    const waiting = [asked(60), asked(60)]
    await until('somebody listens', async () => listeners === 2)
    await world.work()
    const operations = [expect.objectContaining({ object: 'site:1', outcome: 'success' })]
    expect(await Promise.all(waiting)).toMatchObject([1, 2].map(() => ({ state: 'settled', operations })))
    expect(listeners).toBe(2)
    expect((await ask(`/units/${unit?.id}?wait=61`)).status).toBe(400)
  })

  it('is refused before it begins where nothing is to be told', async () => {
    expect((await ask('/logs/77/stream')).status).toBe(404)
    expect((await ask('/events/stream', { 'last-event-id': '3:9' })).status).toBe(400)
    expect((await ask('/events/stream?cursor=3:9')).status).toBe(400)
    const id = await anyLog()
    expect((await ask(`/logs/${id}/stream`, { 'last-event-id': 'x' })).status).toBe(400)
  })
})
