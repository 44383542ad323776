import { type ConfigOptions, defineModel } from 'orchestrajs'
import { z } from 'zod'
import { mariadbDatabase, unixUser } from '../src/index.ts'

const account = defineModel({
  name: 'account',
  table: 'account',
  schema: z.object({ id: z.number().int(), login: z.string(), place: z.string() }),
})

const shop = defineModel({
  name: 'shop',
  table: 'shop',
  schema: z.object({
    id: z.number().int(),
    name: z.string(),
    owner: z.string(),
    password: z.string(),
    place: z.string(),
  }),
  secrets: ['password'],
})

export const tables = `
  create table account (id integer primary key, login text not null, place text not null);
  create table shop (id integer primary key, name text not null, owner text not null, password text not null,
    place text not null)`

/** Accounts with homes and shops with databases, whose data goes where their rows go. */
export const moveOptions = {
  models: [account, shop],
  backends: [
    unixUser({ model: account, user: ({ login }) => ({ name: login }), onMove: 'migrate' }),
    mariadbDatabase({
      model: shop,
      database: ({ name, owner, password }) => ({
        name,
        users: [
          { name: owner, password },
          { name: `${owner}_reads`, password, privileges: ['SELECT', 'SHOW VIEW'] },
        ],
      }),
      onMove: 'migrate',
    }),
  ],
  worker: {
    backoff: { operation: { base: 200, cap: 1_000 }, server: { base: 200, cap: 1_000 } },
    timeouts: { connect: 2_000, idle: 5_000, total: 60_000 },
  },
} satisfies ConfigOptions
