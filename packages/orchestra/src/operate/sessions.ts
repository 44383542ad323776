import { z } from 'zod'
import { listSessions, revokeSession, type SessionView } from '../access/index.ts'
import { actorOf } from './context.ts'
import { idField, nameField } from './fields.ts'
import { reading, writing } from './verb.ts'

export const sessionList = reading({
  name: 'session.list',
  about: 'Who is logged in, and from where',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ user: nameField.optional() }),
  run: ({ store }, search): Promise<SessionView[]> => listSessions(store, search),
})

export const sessionRevoke = writing({
  name: 'session.revoke',
  about: 'Logs somebody out',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ session: idField }),
  audit: { action: 'session.revoke', target: ({ session }) => `session:${session}` },
  run: async (
    { store, principal },
    { session },
  ): Promise<{ session: number; user: string; revoked: true }> => {
    const { user } = await revokeSession(store, session, actorOf(principal))
    return { session, user, revoked: true }
  },
})
