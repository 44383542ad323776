import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterEach, expect } from 'vitest'
import { type AppOptions, createApp } from '../../src/http/app.ts'
import { anybody } from '../../src/http/principal.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { askerOf } from '../operate/world.ts'
import type { World } from '../support/world.ts'
import { strayFrom } from './conforms.ts'

/** An API over a world, as a request reaches it; `troubles` is what nobody expected. */
export interface Api {
  ask(request: string | InjectOptions): Promise<LightMyRequestResponse>
  troubles: unknown[]
}

/** Opens APIs that are closed after the test. */
export function useApis(): (world: World, options?: Partial<AppOptions>) => Api {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()))
  })
  return (world, options = {}) => {
    const { store, config, load, environment } = askerOf(world)
    const troubles: unknown[] = []
    const app = createApp({
      store,
      config,
      load,
      environment,
      holds: 'servers',
      authenticate: anybody('alice'),
      hosts: new Set(),
      onError: (error) => troubles.push(error),
      ...options,
    })
    closing.push(() => app.close())
    const ask = async (request: string | InjectOptions) => {
      const given = typeof request === 'string' ? { url: request } : request
      const response = await app.inject({ authority: '127.0.0.1:4480', ...given })
      expectAsTold(given, response)
      return response
    }
    return { ask, troubles }
  }
}

/** Whatever is asked, the answer is as the document of the API says. */
function expectAsTold({ method = 'GET', url }: InjectOptions, response: LightMyRequestResponse): void {
  const { statusCode, headers } = response
  if (
    typeof url !== 'string' ||
    !/^application\/(problem\+)?json\b/.test(headers['content-type'] ?? '') ||
    response.body === ''
  )
    return
  expect(strayFrom(method, url, statusCode, response.json())).toEqual([])
}

/** The store of a world as a process has it that works without the key. */
export function keylessStore({ store, directory }: World): Promise<Store> {
  return openStore({ databaseUrl: store.databaseUrl, directory, keyless: true })
}

/** `GET /api/v1/servers` from the path of an endpoint. */
export function below(path: string): string {
  return `/api/v1${path}`
}
