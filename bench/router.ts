import { z } from 'zod'
import { defineBackend } from '../packages/orchestra/src/config/backend.ts'
import { defineModel } from '../packages/orchestra/src/config/model.ts'
import { createRouter, type Route } from '../packages/orchestra/src/router/index.ts'

const OBJECTS = 100_000
const ROUTES = 20
const ROUNDS = 3

const site = defineModel({
  name: 'site',
  table: 'site',
  schema: z.object({
    id: z.int(),
    domain: z.string(),
    plan: z.enum(['free', 'pro', 'business']),
    region: z.string().nullable(),
    quota: z.number(),
    tags: z.array(z.string()),
  }),
})

type Site = z.output<typeof site.schema>

interface Rule {
  match: string
  /** The same, as somebody would write it by hand. */
  predicate: (site: Site) => boolean
}

const rules: readonly Rule[] = [
  { match: 'site.plan == "pro"', predicate: (site) => site.plan === 'pro' },
  {
    match: 'site.region == "eu" && site.quota > 10',
    predicate: (site) => site.region === 'eu' && site.quota > 10,
  },
  { match: 'site.id % 4 == 0', predicate: (site) => site.id % 4 === 0 },
  { match: 'site.domain.endsWith(".org") || "vip" in site.tags', predicate: isOrgOrVip },
]

function isOrgOrVip(site: Site): boolean {
  return site.domain.endsWith('.org') || site.tags.includes('vip')
}

const used = Array.from({ length: ROUTES }, (_, index) => rules[index % rules.length]).filter(
  (rule) => rule !== undefined,
)

/** How many objects a second the router decides, with 20 routes, beside predicates written by hand. */
export async function run(): Promise<Record<string, number>> {
  const objects = Array.from({ length: OBJECTS }, (_, index) => makeSite(index))
  const byHand: number[] = []
  const byRouter: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    byHand.push(time(() => countByHand(objects)))
    byRouter.push(time(() => countByRouter(objects)))
  }
  const router = Math.min(...byRouter)
  const hand = Math.min(...byHand)
  return {
    objects: OBJECTS,
    routes: ROUTES,
    routerObjectsPerSecond: Math.round((OBJECTS / router) * 1000),
    handObjectsPerSecond: Math.round((OBJECTS / hand) * 1000),
    routerToHand: Number((router / hand).toFixed(1)),
  }
}

function makeSite(id: number): Site {
  const plan = (['free', 'pro', 'business'] as const)[id % 3] ?? 'free'
  const region = id % 5 === 0 ? null : id % 2 === 0 ? 'eu' : 'us'
  const domain = `site${id}.${id % 7 === 0 ? 'org' : 'com'}`
  return { id, domain, plan, region, quota: id % 50, tags: id % 11 === 0 ? ['new', 'vip'] : ['new'] }
}

function countByRouter(objects: readonly Site[]): number {
  const www = defineBackend({ name: 'www', model: site, save: () => undefined })
  const router = createRouter([www], used.map(makeRoute))
  let count = 0
  for (const object of objects) count += router.route('www', object).serverIds.length
  return count
}

function makeRoute({ match }: Rule, index: number): Route {
  return { id: index, backend: 'www', serverId: index, server: `web${index}`, tags: [], match, enabled: true }
}

function countByHand(objects: readonly Site[]): number {
  let count = 0
  for (const object of objects) {
    const serverIds = new Set<number>()
    for (const [index, { predicate }] of used.entries()) if (predicate(object)) serverIds.add(index)
    count += serverIds.size
  }
  return count
}

let counted: number | undefined

/** Milliseconds; both ways must count the same. */
function time(work: () => number): number {
  const start = performance.now()
  const count = work()
  const elapsed = performance.now() - start
  counted ??= count
  if (count !== counted) throw new Error(`counted ${count} instead of ${counted}`)
  return elapsed
}

if (import.meta.main) console.log(await run())
