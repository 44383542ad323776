import { z } from 'zod'
import { listSessions, revokeSession, type SessionView } from '../access/index.ts'
import { actorOf } from './context.ts'
import { idField, nameField } from './fields.ts'
import { ownOf } from './own.ts'
import { reading, writing } from './verb.ts'

export const sessionList = reading({
  name: 'session.list',
  about: 'Who is logged in, and from where; oneself, without the permission to see others',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ user: nameField.optional() }),
  run: (context, search): Promise<SessionView[]> =>
    listSessions(context.store, { ...search, own: ownOf(context, 'user') }),
})

export const sessionRevoke = writing({
  name: 'session.revoke',
  about: 'Logs somebody out',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ session: idField }),
  audit: { action: 'session.revoke', target: ({ session }) => `session:${session}` },
  run: async (context, { session }): Promise<{ session: number; user: string; revoked: true }> => {
    const { store, principal } = context
    const { user } = await revokeSession(store, session, actorOf(principal), ownOf(context, 'user'))
    return { session, user, revoked: true }
  },
})
