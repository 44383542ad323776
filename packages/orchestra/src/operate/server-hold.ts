import { z } from 'zod'
import { holdServer, releaseServer } from '../server/index.ts'
import { laterField, nameField, reasonField } from './fields.ts'
import { writing } from './verb.ts'

export const serverHold = writing({
  name: 'server.hold',
  about: 'Lets the work of a server wait; nothing is lost',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    server: nameField,
    reason: reasonField.optional(),
    /** When it ends by itself; default never. */
    until: laterField.optional(),
  }),
  audit: { action: 'server.hold', target: ({ server }) => server },
  run: async (
    { store, principal },
    { server, reason: given, until },
  ): Promise<{ server: string; held: true; reason: string | null; until: string | null }> => {
    const reason = given || null
    await holdServer(store, server, { by: principal.name, ...(reason === null ? {} : { reason }), until })
    return { server, held: true, reason, until: until?.toISOString() ?? null }
  },
})

export const serverRelease = writing({
  name: 'server.release',
  about: 'Ends a hold; what waited is due at once',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ server: nameField }),
  audit: { action: 'server.release', target: ({ server }) => server },
  run: async ({ store, principal }, { server }): Promise<{ server: string; held: false }> => {
    await releaseServer(store, server, { by: principal.name })
    return { server, held: false }
  },
})
