import { z } from 'zod'
import { defineBackend } from '../../src/config/backend.ts'
import { defineConfig } from '../../src/config/config.ts'
import { defineModel } from '../../src/config/model.ts'
import type { Route } from '../../src/router/index.ts'

/** A model with a field of every kind. */
export const site = defineModel({
  name: 'site',
  table: 'site',
  secrets: ['password'],
  schema: z.object({
    id: z.int(),
    big: z.bigint(),
    quota: z.number(),
    plan: z.enum(['free', 'pro']),
    domain: z.string(),
    active: z.boolean(),
    note: z.string().nullable(),
    owner: z.object({ id: z.int(), name: z.string() }).nullish(),
    tags: z.array(z.string()),
    ports: z.array(z.int()),
    limits: z.record(z.string(), z.int()),
    since: z.date(),
    mixed: z.union([z.string(), z.number()]),
    password: z.string(),
  }),
})

export const aSite = {
  id: 12,
  big: 9007199254740993n,
  quota: 1.5,
  plan: 'pro',
  domain: 'a.example',
  active: true,
  note: 'hello' as string | null,
  owner: { id: 3, name: 'ann' } as { id: number; name: string } | undefined,
  tags: ['old', 'vip'],
  ports: [80, 443],
  limits: { mail: 5 },
  since: new Date('2026-01-02T03:04:05Z'),
  mixed: 7 as string | number,
}

export const www = defineBackend({ name: 'www', model: site, save: () => undefined })
export const dns = defineBackend({ name: 'dns', model: site, save: () => undefined })
export const config = defineConfig({ models: [site], backends: [www, dns] })

/** An enabled route of `www` to server 1, apart from what is said. */
export function route(options: Partial<Route> = {}): Route {
  const serverId = options.serverId ?? 1
  return {
    id: 1,
    backend: 'www',
    serverId,
    server: `web${serverId}`,
    tags: [],
    match: 'true',
    enabled: true,
    ...options,
  }
}
