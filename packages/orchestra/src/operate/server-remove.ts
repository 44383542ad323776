import { z } from 'zod'
import { isUsed, type Removal, removeServer, type ServerUse, useOf } from '../fleet/index.ts'
import { getServer } from '../server/index.ts'
import type { Context } from './context.ts'
import { flagField, nameField } from './fields.ts'
import { writing } from './verb.ts'

/** What a server still has, or had. */
export interface ServerRemoved {
  server: string
  /** What went with it; null where it stays. */
  removed: Removal | null
  use: ServerUse
}

export const serverRemove = writing({
  name: 'server.remove',
  about: 'Forgets a server, with what is known of it; what stands on it stays there',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ server: nameField, force: flagField, dryRun: flagField }),
  audit: { action: 'server.remove', target: ({ server }) => server },
  run: async (
    { store, principal, agree }: Context<{ server: string; use: ServerUse }>,
    { server, force, dryRun },
  ): Promise<ServerRemoved> => {
    const { id } = await getServer(store, server)
    const use = await useOf(store, id)
    if (dryRun) return { server, removed: null, use }
    // Who cannot be asked is refused by the registry.
    const isForced = force || (isUsed(use) && (await agree({ server, use })) === 'given')
    return {
      server,
      removed: await removeServer(store, server, { by: principal.name, force: isForced }),
      use,
    }
  },
})
