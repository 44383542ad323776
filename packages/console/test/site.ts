import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterEach, beforeAll, beforeEach } from 'vitest'
import { addUser, makeLink } from '../../orchestra/src/access/index.ts'
import { byCredentials, type Listening, listen } from '../../orchestra/src/http/index.ts'
import { askerOf } from '../../orchestra/test/operate/world.ts'
import type { OpenStore } from '../../orchestra/test/support/stores.ts'
import { useWorlds, type World, type WorldOptions } from '../../orchestra/test/support/world.ts'
import { ensureConsole } from '../build.ts'
import { useBrowser } from './browser.ts'

/** The console over a world: a real server over a real store, and who comes in. */
export interface Site {
  world: World
  listening: Listening
  /** Where the console is. */
  url: string
  browse: (options?: BrowserContextOptions) => Promise<Page>
  /** A page of somebody with a role, who came in by a link. */
  enter: (role: string, options?: BrowserContextOptions) => Promise<Page>
}

/** A console for each test, in one browser. */
export function useSite(open: OpenStore, options: WorldOptions = {}): () => Site {
  const build = useWorlds(open)
  let site: Site
  beforeAll(() => ensureConsole(), 180_000)
  beforeEach(async () => {
    const world = await build({ servers: ['web1', 'web2', 'web3'], ...options })
    const listening = await serve(world)
    const url = listening.url.replace(/\/api\/v1$/, '')
    const enter: Site['enter'] = async (role, given = {}) => {
      await addUser(world.store, { name: role, role }, { by: 'test' })
      const { secret } = await makeLink(world.store, { user: role }, { by: 'test' })
      const page = await browse(given)
      await page.goto(`${url}/#link=${secret}`)
      await page.getByRole('heading', { name: 'Now' }).waitFor()
      return page
    }
    site = { world, listening, url, browse, enter }
  })
  afterEach(() => site.listening.close())
  // What is said last is done first: pages go before the server that they listen to.
  const browse = useBrowser()
  return () => site
}

function serve(world: World): Promise<Listening> {
  const { store, config, load, environment } = askerOf(world)
  return listen({
    ...{ host: '127.0.0.1', port: 0, store, config, load, environment, holds: 'servers' },
    authenticate: byCredentials(store, config.http),
    onError: (error) => world.errors.push(error),
  })
}
