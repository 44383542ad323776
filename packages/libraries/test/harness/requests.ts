import { expect } from 'vitest'
import type { Store } from '../../../orchestra/src/store/index.ts'
import type { Served } from '../../src/express.ts'
import { type Answer, type Call, note, type Scenario } from './scenarios.ts'

/** A request that was answered, with its unit. */
export interface Made {
  call: Call
  user: string
  unit: string | null
  status: number
  answer: Answer
}

let seeded = 0

/** Writes what the requests find, one request of a scenario each; `orchestra.change` holds nothing of it afterwards. */
export async function prepareAll(store: Store, scenarios: readonly Scenario[]): Promise<Call[]> {
  const calls: Call[] = []
  for (const scenario of scenarios) calls.push(await scenario.prepare(store, `site-${++seeded}`))
  return calls
}

/** Makes all requests at once, each by a user of its own. */
export function makeAll(app: Served, calls: readonly Call[]): Promise<Made[]> {
  return Promise.all(calls.map((call, index) => make(app, call, `user-${index}`)))
}

async function make(app: Served, call: Call, user: string): Promise<Made> {
  const { method, path, body } = call
  const response = await fetch(app.url + path, {
    method,
    headers: { 'x-user': user, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const unit = response.headers.get('orchestra-unit')
  return { call, user, unit, status: response.status, answer: answerOf(await response.text()) }
}

/** Of an error that the framework answers, in a page or as JSON, what went wrong. */
function answerOf(text: string): Answer {
  if (!text.startsWith('{')) return { ids: [], error: text.replace(/<[^>]*>|\s+/g, ' ').slice(0, 300) }
  const { message, ...answer } = JSON.parse(text) as Answer & { message?: string }
  return message === undefined ? answer : { ids: [], error: message }
}

/** What was answered and what stands in the application's tables. */
export async function checkAnswers(store: Store, made: readonly Made[]): Promise<void> {
  const wrong = made.filter(({ call, status }) => status !== call.status)
  const told = wrong.map(({ call, status, answer }) => `${call.method}: ${status} ${answer.error}`)
  expect([...new Set(told)].slice(0, 5)).toEqual([])
  for (const { call, answer } of made) call.check?.(answer)
  const sites = await readSites(store)
  for (const { call } of made) {
    for (const [domain, plan] of Object.entries(call.plans)) {
      const site = sites.get(domain)
      expect([domain, site?.plan ?? null]).toEqual([domain, plan])
      if (site !== undefined) expect(site.note).toBe(note)
      if (call.labels?.[domain] !== undefined) expect(site?.labels).toEqual(call.labels[domain])
    }
  }
}

interface SiteRow {
  domain: string
  plan: string
  note: string
  labels: string[]
}

async function readSites(store: Store): Promise<Map<string, SiteRow>> {
  const rows = await store.query<SiteRow>(
    `select domain, plan, note, array(
       select name from site_label join label on label.id = label_id where site_id = site.id order by name
     ) as labels from site`,
  )
  return new Map(rows.map((row) => [row.domain, row]))
}
