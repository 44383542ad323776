import { z } from 'zod'
import {
  addToken,
  listTokens,
  readToken,
  revokeToken,
  type TokenMade,
  type TokenView,
} from '../access/index.ts'
import { actorOf } from './context.ts'
import { flagField, nameField } from './fields.ts'
import { assertScopeKnown } from './known.ts'
import { ownOf } from './own.ts'
import { daysField, networkList, scopeFields } from './scope-fields.ts'
import { reading, writing } from './verb.ts'

export const tokenList = reading({
  name: 'token.list',
  about: 'What programs come in by; never the tokens themselves',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    user: nameField.optional(),
    /** Those too that cannot be used any more. */
    all: flagField,
  }),
  run: (context, search): Promise<TokenView[]> =>
    listTokens(context.store, { ...search, own: ownOf(context, 'token') }),
})

export const tokenShow = reading({
  name: 'token.show',
  about: 'One that programs come in by; never the token itself',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ token: nameField }),
  run: (context, { token }): Promise<TokenView> => readToken(context.store, token, ownOf(context, 'token')),
})

export const tokenAdd = writing({
  name: 'token.add',
  about: 'Makes a token for a program, and tells it this once',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    token: nameField,
    role: nameField,
    /** Whose it is: it never may more than he. */
    user: nameField.optional(),
    networks: networkList.optional(),
    days: daysField.default(90),
    ...scopeFields,
  }),
  audit: { action: 'token.add', target: ({ token }) => token },
  run: async (context, { token: name, ...given }): Promise<TokenMade> => {
    await assertScopeKnown(context, given)
    return addToken(context.store, { name, ...given }, actorOf(context.principal))
  },
})

export const tokenRevoke = writing({
  name: 'token.revoke',
  about: 'Ends a token',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ token: nameField }),
  audit: { action: 'token.revoke', target: ({ token }) => token },
  run: ({ store, principal }, { token }): Promise<TokenView> => revokeToken(store, token, actorOf(principal)),
})
