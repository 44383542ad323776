import { Webhook } from 'standardwebhooks'
import { expect, it } from 'vitest'
import { watchIncidents } from '../../src/incidents/index.ts'
import { sealedColumns } from '../../src/key/sealed-columns.ts'
import { sealedRows } from '../../src/key/sealed-rows.ts'
import {
  addChannel,
  listChannels,
  listDeliveries,
  type Message,
  removeChannel,
  Teller,
  testChannel,
} from '../../src/notify/index.ts'
import type { Store } from '../../src/store/index.ts'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'
import { mailServer, receiver } from './receivers.ts'

async function block(store: Store, isBlocked = true): Promise<void> {
  await store.query(
    `update orchestra.lane set blocked_since = ${isBlocked ? 'now()' : 'null'}, blocked_outcome = 'unreachable',
       blocked_reason = E'no route\\r\\nBcc: everybody@example.org'`,
  )
}

const later = (seconds: number) => new Date(Date.now() + seconds * 1_000)

/** Tells what is due by now, and waits for it. */
async function notify(store: Store): Promise<void> {
  const errors: unknown[] = []
  const teller = new Teller(store, (error) => errors.push(error))
  await teller.poll()
  await teller.end()
  expect(errors).toEqual([])
}

/** So many things happen to an incident at once. */
async function happen(store: Store, count: number): Promise<void> {
  await store.query(
    `insert into orchestra.incident_step (incident_id, at, kind, objects)
     select id, now(), 'escalated', 1 from orchestra.incident, generate_series(1, $1::int)`,
    [count],
  )
}

const toldBy = ({ body }: { body: string }) =>
  (JSON.parse(body) as { data: { steps: unknown[]; more?: number } }).data

/** Nothing waits any longer for its time. */
async function hurry(store: Store): Promise<void> {
  await store.query(`update orchestra.delivery set due_at = now() where state = 'waiting'`)
}

describeStores('channels', (open) => {
  const build = useWorlds(open)

  it('by webhook are told what becomes of incidents, signed, by a worker', { timeout: 120_000 }, async () => {
    const { store, ...world } = await worldWith(build)
    const hook = await receiver()
    const { signingSecret } = await addChannel(
      store,
      { name: 'hook', kind: 'webhook', url: `${hook.url}secret-path`, allowsPrivate: true },
      'ana',
    )
    await block(store)
    await world.work()
    await untilWithin(60_000, 'a message', async () => hook.received.length > 0)
    const [{ path, headers, body } = { path: '', headers: {}, body: '' }] = hook.received
    expect(path).toBe('/secret-path')
    const message = new Webhook(signingSecret ?? '').verify(body, headers) as Message
    expect(message).toMatchObject({
      type: 'incidents',
      data: {
        steps: [{ kind: 'opened', incident: { server: 'here', outcome: 'unreachable', state: 'open' } }],
        auditHead: expect.stringMatching(/^\d+:[0-9a-f]{64}$/),
      },
    })
    await untilWithin(60_000, 'its end', async () => (await listDeliveries(store, {}))[0]?.state === 'sent')
  })

  it('are told again what did not arrive, later, under the same id, until it is given up', {
    timeout: 120_000,
  }, async () => {
    const { store } = await worldWith(build)
    const hook = await receiver()
    hook.answer = 500
    await addChannel(store, { name: 'hook', kind: 'webhook', url: hook.url, allowsPrivate: true }, 'ana')
    await block(store)
    await watchIncidents(store)
    await Promise.all([notify(store), notify(store)])
    const [failed] = await listDeliveries(store, { channel: 'hook' })
    expect(failed).toMatchObject({ state: 'waiting', attempt: 1, error: 'it answered 500' })
    await notify(store)
    expect(hook.received).toHaveLength(1)
    hook.answer = 200
    await hurry(store)
    await notify(store)
    expect(await listDeliveries(store, {})).toMatchObject([{ state: 'sent', attempt: 2, error: null }])
    const ids = hook.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual([`delivery-${failed?.id}`, `delivery-${failed?.id}`])
    hook.answer = 500
    await block(store, false)
    await watchIncidents(store, later(10))
    await watchIncidents(store, later(60))
    for (let n = 0; n < 20; n++) {
      await hurry(store)
      await notify(store)
    }
    expect((await listDeliveries(store, {}))[0]).toMatchObject({
      state: 'failed',
      attempt: 16,
      nextTry: null,
    })
  })

  it('by mail reach who is named, and no line of a server becomes a header', {
    timeout: 120_000,
  }, async () => {
    const { store } = await worldWith(build)
    const password = 'p@ss/word-canary'
    const { port, taken } = await mailServer({ user: 'orchestra', password })
    const smtpUrl = `smtp://orchestra:${encodeURIComponent(password)}@127.0.0.1:${port}`
    const to = ['ops@example.org', 'bo@example.org']
    await addChannel(store, { name: 'ops', kind: 'mail', to, from: 'orchestra@example.org', smtpUrl }, 'ana')
    expect(await testChannel(store, 'ops', 'ana')).toEqual({ error: null })
    await block(store)
    await watchIncidents(store)
    await notify(store)
    expect(taken.map(({ from, to: all }) => [from, all])).toEqual([
      ['orchestra@example.org', to],
      ['orchestra@example.org', to],
    ])
    expect(taken[1]?.text).toContain('Subject: Orchestra: here unreachable opened')
    expect(taken[1]?.text).toContain('Auto-Submitted: auto-generated')
    expect(taken[1]?.text).toContain('orchestra incident show 1')
    expect(taken[1]?.text).not.toMatch(/^Bcc:/m)
  })

  it('tell nobody what is secret of them', { timeout: 120_000 }, async () => {
    const { store } = await worldWith(build)
    const smtpUrl = 'smtp://orchestra:canary-password@127.0.0.1:1'
    const mail = { name: 'ops', kind: 'mail', to: ['a@example.org'], from: 'a@example.org', smtpUrl } as const
    await addChannel(store, mail, 'ana')
    const url = 'http://127.0.0.1:1/canary-path'
    const hook = { name: 'hook', kind: 'webhook', url, allowsPrivate: true } as const
    const { signingSecret } = await addChannel(store, hook, 'ana')
    await block(store)
    await watchIncidents(store)
    await notify(store)
    const told = [
      await listChannels(store),
      await listDeliveries(store, {}),
      await testChannel(store, 'hook', 'ana'),
      await testChannel(store, 'ops', 'ana'),
      await store.query('select to_jsonb(c) as row from orchestra.channel c'),
      await store.query('select to_jsonb(a) as row from orchestra.audit a'),
    ]
    const text = JSON.stringify(told)
    expect(text).not.toContain('canary')
    expect(text).not.toContain(signingSecret?.slice(6))
    // What a new key is to seal as well.
    const column = sealedColumns.find(({ table }) => table === 'channel')
    const sealed: string[] = []
    if (column !== undefined)
      for await (const rows of sealedRows(store, column))
        sealed.push(...rows.map(({ objectKey }) => objectKey))
    expect(sealed).toEqual(['ops', 'hook'])
    await expect(addChannel(store, hook, 'ana')).rejects.toMatchObject({ code: 'ORC_CHANNEL_EXISTS' })
    const wrong = { ...hook, name: 'wrong', url: 'ftp://canary.example.org' }
    const refused = await addChannel(store, wrong, 'ana').catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'ORC_CHANNEL_INVALID' })
    expect(String(refused)).not.toContain('canary')
  })

  it('with a digest are told once what happened meanwhile, and nobody what is muted', {
    timeout: 120_000,
  }, async () => {
    const { store } = await worldWith(build)
    const hook = await receiver()
    const digest = { kind: 'webhook', url: hook.url, allowsPrivate: true, digestSeconds: 3_600 } as const
    await addChannel(store, { name: 'daily', ...digest }, 'ana')
    await block(store)
    await watchIncidents(store)
    await notify(store)
    await block(store, false)
    await watchIncidents(store, later(10))
    await watchIncidents(store, later(60))
    await notify(store)
    expect(hook.received).toEqual([])
    await hurry(store)
    await notify(store)
    const kinds = hook.received.map(({ body }) =>
      (JSON.parse(body) as { data: { steps: { kind: string }[] } }).data.steps.map(({ kind }) => kind),
    )
    expect(kinds).toEqual([['opened', 'recovered']])
    await store.query(
      `update orchestra.incident set muted_until = now() + interval '1 day', muted_by = 'ana'`,
    )
    await block(store)
    await watchIncidents(store, later(90))
    await notify(store)
    expect(await listDeliveries(store, {})).toHaveLength(1)
    await removeChannel(store, 'daily', 'ana')
    expect(await listDeliveries(store, {})).toEqual([])
    await expect(removeChannel(store, 'daily', 'ana')).rejects.toMatchObject({ code: 'ORC_CHANNEL_UNKNOWN' })
  })

  it('are told a few things a minute, and what happens beyond together when that is over, as far as a message has room', {
    timeout: 120_000,
  }, async () => {
    const { store } = await worldWith(build)
    const hook = await receiver()
    await addChannel(store, { name: 'hook', kind: 'webhook', url: hook.url, allowsPrivate: true }, 'ana')
    await block(store)
    await watchIncidents(store)
    for (let n = 0; n < 6; n++) {
      await notify(store)
      await happen(store, 1)
    }
    expect(hook.received).toHaveLength(6)
    await happen(store, 450)
    await notify(store)
    await happen(store, 150)
    await notify(store)
    expect(hook.received).toHaveLength(6)
    const [waiting, ...others] = await listDeliveries(store, {})
    expect(waiting).toMatchObject({ state: 'waiting', attempt: 0 })
    expect(Date.parse(waiting?.nextTry ?? '')).toBeGreaterThan(Date.parse(waiting?.createdAt ?? ''))
    expect(others).toHaveLength(6)
    await hurry(store)
    await notify(store)
    const { steps, more = 0 } = toldBy(hook.received[6] ?? { body: '' })
    expect([steps.length <= 500, steps.length + more]).toEqual([true, 601])
  })

  it('that do not answer keep neither others nor whoever asks waiting', { timeout: 120_000 }, async () => {
    const { store } = await worldWith(build)
    const [silent, hook] = [await receiver(), await receiver()]
    let answer: () => void = () => undefined
    silent.ready = new Promise((resolve) => {
      answer = resolve
    })
    for (const [name, { url }] of Object.entries({ silent, hook }))
      await addChannel(store, { name, kind: 'webhook', url, allowsPrivate: true }, 'ana')
    await block(store)
    await watchIncidents(store)
    const teller = new Teller(store, () => undefined)
    await teller.poll()
    await untilWithin(
      60_000,
      'both were asked',
      async () => silent.received.length + hook.received.length === 2,
    )
    await happen(store, 1)
    await untilWithin(60_000, 'the other has the next', async () => {
      await teller.poll()
      return hook.received.length === 2
    })
    expect(silent.received).toHaveLength(1)
    answer()
    await teller.end()
  })

  it('with a heartbeat are told that a worker lives, as often as they want, and nothing else', {
    timeout: 120_000,
  }, async () => {
    const { store } = await worldWith(build)
    const hook = await receiver()
    const alive = {
      name: 'alive',
      kind: 'webhook',
      url: hook.url,
      allowsPrivate: true,
      heartbeatSeconds: 60,
    } as const
    await addChannel(store, alive, 'ana')
    await block(store)
    await watchIncidents(store)
    await Promise.all([notify(store), notify(store)])
    await notify(store)
    expect(hook.received.map(({ body }) => JSON.parse(body))).toMatchObject([
      { type: 'heartbeat', data: { openIncidents: 1 } },
    ])
    expect(await listDeliveries(store, {})).toEqual([])
    await store.query(`update orchestra.channel set beat_at = now() - interval '61 seconds'`)
    hook.answer = 500
    await notify(store)
    expect(hook.received).toHaveLength(2)
    expect(await listChannels(store)).toMatchObject([{ last: { state: 'failed', error: 'it answered 500' } }])
  })
})

async function worldWith(build: ReturnType<typeof useWorlds>) {
  const world = await build()
  return { store: world.store, work: () => world.work() }
}
