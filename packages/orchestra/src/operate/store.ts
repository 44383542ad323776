import { z } from 'zod'
import { storeOptions } from '../config/load.ts'
import { OrchestraError } from '../errors.ts'
import { type Installed, readInstalled, type Uninstalled, uninstall } from '../removal/index.ts'
import { embeddedUrls, withoutPassword } from '../store/index.ts'
import { NotAgreed } from './agreement.ts'
import { type Ground, withDatabase } from './context.ts'
import { flagField } from './fields.ts'
import { noteFailure } from './perform.ts'
import { reading, writing } from './verb.ts'

export const storeUrl = reading({
  name: 'store.url',
  about: 'The URL of the database, for psql and applications',
  needs: 'configuration',
  answers: 'soon',
  input: z.strictObject({
    /** The one of the port that the embedded database is offered on; it holds the password. */
    tcp: flagField,
  }),
  run: async ({ load, environment }: Ground, { tcp }): Promise<{ url: string }> => {
    const { databaseUrl, directory = '.orchestra' } = storeOptions(await load(), environment)
    return { url: databaseUrl ? withoutPassword(databaseUrl) : await embeddedUrl(directory, tcp) }
  },
})

async function embeddedUrl(directory: string, tcp: boolean): Promise<string> {
  const urls = await embeddedUrls(directory)
  const url = tcp ? urls.tcp : urls.socket
  if (url !== null) return url
  const what = tcp ? 'offers the embedded database on a port' : 'has the embedded database open'
  throw new OrchestraError('ORC_STORE_UNREACHABLE', `No process ${what}: ${directory}`, {
    hint: tcp ? 'Start `orchestra up --port PORT`' : 'Start `orchestra up`, or the application',
  })
}

const left = { action: 'uninstall', target: 'store' }

export const storeUninstall = writing({
  name: 'store.uninstall',
  about: "Removes triggers, functions and Orchestra's schemas from the database; servers stay as they are",
  needs: 'configuration',
  answers: 'late',
  input: z.strictObject({
    /** Even while workers run. */
    force: flagField,
  }),
  // Done, it takes the audit along: that tells only of what failed.
  audit: { action: left.action, target: () => left.target },
  run: (ground: Ground<Installed>, { force }): Promise<Installed & Uninstalled> =>
    withDatabase(ground, async (store) => {
      const installed = await readInstalled(store)
      if ((await ground.agree(installed)) !== 'given') throw notAgreed(installed)
      try {
        return { ...installed, ...(await uninstall(store, { force })) }
      } catch (error) {
        await noteFailure({ ...ground, store }, left, error)
        throw error
      }
    }),
})

function notAgreed({ schemas, triggers }: Installed): NotAgreed {
  const what = `${triggers.length} triggers and ${schemas.join(', ') || 'no schema'}`
  return new NotAgreed(`Nothing was removed; it would be ${what}`, 'Give --yes when that is what you want')
}
