import { z } from 'zod'
import {
  addHook,
  deeds,
  type HookAdded,
  type HookDelivery,
  type HookView,
  listHookDeliveries,
  listHooks,
  type Pointers,
  pointerForm,
  readHook,
  removeHook,
} from '../hooks/index.ts'
import { actorOf } from './context.ts'
import { idField, limitField, nameField, nameList, textField } from './fields.ts'
import { assertCanAct } from './hook-work.ts'
import { assertScopeKnown } from './known.ts'
import { reading, writing } from './verb.ts'

const one = { hook: nameField }
const target = ({ hook }: { hook: string }) => hook

/** `/data/id` */
const pointerField = textField.regex(pointerForm, 'is no JSON pointer, such as /data/id')
/** Columns of a key. */
const MOST_PARTS = 20

export const hookList = reading({
  name: 'hook.list',
  about: 'Programs elsewhere that say that something is to be looked at, and what they said last',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({}),
  run: ({ store }): Promise<HookView[]> => listHooks(store),
})

/** A hook with what it was told. */
export interface HookShown extends HookView {
  /** The newest first. */
  deliveries: HookDelivery[]
}

export const hookShow = reading({
  name: 'hook.show',
  about: 'One of them, with what it was told within a week and what came of that, the newest first',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    ...one,
    /** Deliveries older than this one. */
    before: idField.optional(),
    limit: limitField.default(50),
  }),
  run: async ({ store }, { hook, before = null, limit }): Promise<HookShown> => ({
    ...(await readHook(store, hook)),
    deliveries: await listHookDeliveries(store, hook, { before, limit }),
  }),
})

export const hookAdd = writing({
  name: 'hook.add',
  about: 'Lets a program elsewhere say that something is to be looked at, and tells its secret this once',
  needs: 'store',
  answers: 'soon',
  secret: true,
  input: z.strictObject({
    ...one,
    does: z.enum(deeds),
    /** Whose it is: it never may more than he. */
    user: nameField.optional(),
    /** What it is limited to. The only one of a kind is what a message is about that names none. */
    servers: nameList.optional(),
    backends: nameList.optional(),
    models: nameList.optional(),
    /** Where in a message stands what it is about. */
    at: z
      .strictObject({
        server: pointerField.optional(),
        backend: pointerField.optional(),
        model: pointerField.optional(),
        object: pointerField.optional(),
        /** The parts of a key, in their order. */
        key: z.array(pointerField).min(1).max(MOST_PARTS).optional(),
      })
      .default({}),
    /** `whpk_...` of a sender who signs; else a secret is made, that he shows. */
    publicKey: textField.optional(),
  }),
  audit: { action: 'hook.add', target },
  run: async (context, { hook: name, at, ...given }): Promise<HookAdded> => {
    await assertScopeKnown(context, given)
    const hook = { ...given, name, at: at satisfies Pointers }
    await assertCanAct(hook)
    return addHook(context.store, hook, actorOf(context.principal))
  },
})

export const hookRemove = writing({
  name: 'hook.remove',
  about: 'Listens to a program elsewhere no more, and forgets what it said',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(one),
  audit: { action: 'hook.remove', target },
  run: async ({ store, principal }, { hook }): Promise<{ removed: string }> => {
    await removeHook(store, hook, principal.name)
    return { removed: hook }
  },
})
