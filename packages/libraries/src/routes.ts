import { isOrchestraError, type Orchestra } from 'orchestrajs'
import type { NewSite, Sites } from './sites.ts'

export interface Route {
  method: 'post' | 'put' | 'patch' | 'delete'
  path: string
  handle(request: RouteRequest): Promise<RouteAnswer>
}

/** What requests bring, each as much of it as its handler reads. */
export interface RequestBody extends NewSite {
  site: NewSite
  sites: NewSite[]
  labels: string[]
  ids: number[]
  labelIds: number[]
}

export interface RouteRequest {
  id: number
  body: RequestBody
}

export interface RouteAnswer {
  status: number
  body: { ids: number[]; [more: string]: unknown }
}

/** The requests of the application, the same for every library and framework. */
export function routesOf(orchestra: Orchestra, sites: Sites): Route[] {
  const route = (method: Route['method'], path: string, handle: Route['handle']) => ({ method, path, handle })
  return [
    route('post', '/sites', async ({ body }) => created(await sites.create(body))),
    route('put', '/sites/:id', ({ id, body }) => done(sites.update(id, body.plan))),
    route('delete', '/sites/:id', ({ id }) => done(sites.remove(id))),
    route('post', '/labelled', async ({ body }) =>
      created(await sites.createLabelled(body.site, body.labels)),
    ),
    route('post', '/upgrades/:id', ({ id }) => upgrade(sites, id)),
    route('post', '/imports', async ({ body }) => created(...(await sites.importEach(body.sites)))),
    route('post', '/many', async ({ body }) => created(...(await sites.createAll(body.sites)))),
    route('patch', '/many', ({ body }) => done(sites.updateAll(body.ids, body.plan))),
    route('put', '/domains', async ({ body }) => created(await sites.put(body))),
    route('put', '/sites/:id/labels', ({ id, body }) => done(sites.label(id, body.labelIds))),
    route('post', '/planned', ({ body }) => createPlanned(sites, body)),
    route('post', '/settled', ({ body }) => createSettled(orchestra, sites, body)),
  ]
}

function created(...ids: number[]): RouteAnswer {
  return { status: 201, body: { ids } }
}

async function done(work: Promise<void>): Promise<RouteAnswer> {
  await work
  return { status: 200, body: { ids: [] } }
}

/** The payment is refused: what the transaction wrote is gone, and what is written afterwards is not. */
export async function upgrade(sites: Sites, id: number): Promise<RouteAnswer> {
  const refused = new Error('the card is refused')
  try {
    return await done(sites.upgrade(id, () => Promise.reject(refused)))
  } catch (error) {
    if (error !== refused) throw error
    await sites.update(id, 'unpaid')
    return { status: 402, body: { ids: [] } }
  }
}

export async function createPlanned(sites: Sites, body: NewSite): Promise<RouteAnswer> {
  try {
    const { id, plan } = await sites.createPlanned(body)
    const planned = plan?.operations.map(({ server, action, object }) => `${server}: ${action} ${object}`)
    return { status: 201, body: { ids: [id], planned } }
  } catch (error) {
    if (!isOrchestraError(error, 'ORC_OBJECT_INVALID')) throw error
    return { status: 422, body: { ids: [], error: error.message } }
  }
}

export async function createSettled(orchestra: Orchestra, sites: Sites, body: NewSite): Promise<RouteAnswer> {
  const id = await sites.create(body)
  const status = await orchestra.currentUnit()?.settled()
  const outcomes = status?.operations.map(({ server, object, outcome }) => `${server}: ${object} ${outcome}`)
  return { status: 201, body: { ids: [id], outcomes } }
}
