import { z } from 'zod'
import {
  addBinding,
  type BindingView,
  listBindings,
  type Receiver,
  readBinding,
  receiverText,
  removeBinding,
} from '../access/index.ts'
import { OrchestraError } from '../errors.ts'
import { actorOf } from './context.ts'
import { nameField, routeField } from './fields.ts'
import { assertScopeKnown } from './known.ts'
import { scopeFields } from './scope-fields.ts'
import { reading, writing } from './verb.ts'

const holderFields = {
  user: nameField.optional(),
  token: nameField.optional(),
  group: nameField.optional(),
}

export const bindingList = reading({
  name: 'binding.list',
  about: 'Who has which role, and for what',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ ...holderFields, role: nameField.optional() }),
  run: ({ store }, search): Promise<BindingView[]> => listBindings(store, search),
})

export const bindingShow = reading({
  name: 'binding.show',
  about: 'To whom one role was given, and for what',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ binding: routeField }),
  run: ({ store }, { binding }): Promise<BindingView> => readBinding(store, binding),
})

export const bindingAdd = writing({
  name: 'binding.add',
  about: 'Gives a user, a token or a group a role, everywhere or for what the lists say',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ role: nameField, ...holderFields, ...scopeFields }),
  audit: { action: 'binding.add', target: (given) => receiverText(receiverOf(given) ?? { user: '?' }) },
  run: async (context, { user, token, group, ...given }): Promise<BindingView> => {
    await assertScopeKnown(context, given)
    const { store, principal } = context
    const to = receiverOf({ user, token, group })
    if (to === undefined)
      throw new OrchestraError('ORC_USAGE', 'It is not said to whom the role is given', {
        hint: 'Give one of --user NAME, --token NAME and --group NAME',
      })
    return addBinding(store, { ...given, to }, actorOf(principal))
  },
})

type Named = { [Name in 'user' | 'token' | 'group']?: string | undefined }

/** The one that is named; undefined where none or several are. */
function receiverOf({ user, token, group }: Named): Receiver | undefined {
  const named = [
    ...(user === undefined ? [] : [{ user }]),
    ...(token === undefined ? [] : [{ token }]),
    ...(group === undefined ? [] : [{ group }]),
  ]
  return named.length === 1 ? named[0] : undefined
}

export const bindingRemove = writing({
  name: 'binding.remove',
  about: 'Takes a role back',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ binding: routeField }),
  audit: { action: 'binding.remove', target: ({ binding }) => `binding:${binding}` },
  run: ({ store, principal }, { binding }): Promise<BindingView> =>
    removeBinding(store, binding, actorOf(principal)),
})
