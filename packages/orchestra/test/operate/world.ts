import { join } from 'node:path'
import { createMethods } from '../../src/methods/index.ts'
import type { Agreement, Context, Ground, News } from '../../src/operate/context.ts'
import { perform } from '../../src/operate/perform.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import { sh } from '../../src/script/index.ts'
import { testKey } from '../support/stores.ts'
import { siteFilesWith, type World, type WorldOptions } from '../support/world.ts'

/** A backend whose objects can be taken over, and go to the trash. */
export const adoptable: WorldOptions = {
  backends: [
    siteFilesWith({
      identity: ({ id }) => String(id),
      list: sh`ls -A sites`,
      delete: (script, { id }) => script.trash(`sites/${id}`),
    }),
  ],
}

export type Asker = Context<unknown> & Ground<unknown> & { news: News[] }

/** Whoever asks agrees to everything, apart from what is said. */
export function askerOf({ store, config, directory }: World, agreement: Agreement = 'given'): Asker {
  const news: News[] = []
  return {
    store,
    config,
    principal: { kind: 'claimed', name: 'alice' },
    face: 'cli',
    methods: () => createMethods(),
    load: async () => ({ config, path: join(directory, 'orchestra.config.ts') }),
    environment: { DATABASE_URL: store.databaseUrl, ORCHESTRA_KEY: testKey },
    agree: async () => agreement,
    tell: (one) => news.push(one),
    signal: new AbortController().signal,
    news,
  }
}

/** Asks for a verb of the registry, as a face does that knows it by its name alone. */
export function ask(verb: AnyVerb, given: unknown, asker: Asker): Promise<unknown> {
  return perform({ verb, given, open: async () => asker as never })
}

/** An object that was applied, one that is to fail, and two in the trash; nothing runs any more. */
export async function livedIn(world: World): Promise<World> {
  await world.work()
  await world.store.query(`insert into site (id, body) values (1, 'a'), (3, 'c'), (4, 'd')`)
  await world.calm()
  await world.store.query(`delete from site where id > 1`)
  await world.calm()
  await world.stopWorkers()
  await world.store.query(`insert into site (id, body) values (2, 'fail')`)
  await world.collect()
  return world
}
