import { z } from 'zod'
import {
  type Asker,
  cancelRequest,
  keyOf,
  listRequests,
  type RequestSummary,
  type RequestView,
  readRequest,
} from '../requests/index.ts'
import type { Principal } from './context.ts'
import { flagField, idField, limitField } from './fields.ts'
import { permit } from './permit.ts'
import { reading, writing } from './verb.ts'

const one = { request: idField }

export const requestList = reading({
  name: 'request.list',
  about: 'What was left to workers to do, and how far it is, the newest first: your own',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    /** Only those that have not ended. */
    open: flagField,
    /** Older than this one. */
    before: idField.optional(),
    limit: limitField.default(50),
  }),
  run: ({ store, principal }, search): Promise<RequestSummary[]> =>
    listRequests(store, { askerKey: ownKey(principal), ...search }),
})

export const requestShow = reading({
  name: 'request.show',
  about: 'One request: how far it is, and what it answered or why it failed',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  run: async (context, { request }): Promise<RequestView> => {
    const { view, input } = await readRequest(context.store, request, ownKey(context.principal))
    // Whoever may no more ask for it may no more read what it answered.
    if (view.result !== null) await permit(context, view.verb, input)
    return view
  },
})

export const requestCancel = writing({
  name: 'request.cancel',
  about: 'Ends a request: one that waits at once, one that is at work as soon as that can be',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  audit: { action: 'request.cancel', target: ({ request }) => `request ${request}` },
  run: async ({ store, principal }, { request }): Promise<{ request: number; wasOpen: boolean }> => {
    const wasOpen = await cancelRequest(store, request, {
      askerKey: ownKey(principal),
      by: principal.name,
    })
    return { request, wasOpen }
  },
})

/** Whoever may do everything sees what everybody asked for. */
export function ownKey(principal: Principal): string | null {
  return 'grants' in principal ? keyOf(principal) : null
}

/** Of a principal by what it is known later what he may. */
export function askerOf(principal: Principal, address: string): Asker {
  if (principal.kind === 'user' || principal.kind === 'token') {
    const { kind, name, accountId, by } = principal
    return { kind, name, accountId, by, address }
  }
  if (principal.kind === 'application')
    return { kind: principal.kind, name: principal.name, said: principal.said }
  return { kind: principal.kind, name: principal.name }
}
