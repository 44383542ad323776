import { z } from 'zod'
import { isOrchestraError } from '../errors.ts'
import {
  type ForgetTarget,
  type Forgotten,
  forget,
  targetName,
  whatWouldBeForgotten,
} from '../removal/index.ts'
import { NotAgreed } from './agreement.ts'
import type { Context } from './context.ts'
import { defined, selectorFields } from './fields.ts'
import { checkNames } from './known.ts'
import { readObject } from './objects.ts'
import { writing } from './verb.ts'

/** Whether something is to be given up. */
export interface ForgetQuestion {
  target: string
  /** Objects that are placed there, and the first of them by name. */
  count: number
  names: string[]
}

export const objectForget = writing({
  name: 'object.forget',
  about: 'Gives up what stands on servers: it stays there, and nothing is known of it any more',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ ...selectorFields }),
  audit: {
    action: 'forget',
    target: ({ object, server, backend }) =>
      [object, server, backend].filter((one) => one !== undefined).join(' '),
  },
  run: async (context: Context<ForgetQuestion>, { object, ...given }): Promise<Forgotten> => {
    const names = defined(given)
    // A model that the configuration no longer has can be forgotten too.
    const target: ForgetTarget = { ...names, ...(object === undefined ? {} : { object: readObject(object) }) }
    if (object === undefined && names.server === undefined) await checkNames(context, names)
    try {
      await assertAgreed(context, target)
      return await forget(context.store, target, context.principal.name)
    } catch (error) {
      // What is given up may be of a backend or a model that is gone: only where nothing is known of it, the name is wrong.
      if (isOrchestraError(error, 'ORC_OBJECT_UNKNOWN')) await checkNames(context, { ...names, object })
      throw error
    }
  },
})

async function assertAgreed(context: Context<ForgetQuestion>, target: ForgetTarget): Promise<void> {
  const { count, names } = await whatWouldBeForgotten(context.store, target)
  if (count === 0) await checkNames(context, nameless(target))
  const question = { target: targetName(target), count, names }
  if ((await context.agree(question)) === 'given') return
  throw new NotAgreed(
    `Nothing was forgotten; it would be ${forgettingText(question)}`,
    'Give --yes when that is what you want',
  )
}

/** `site:1, site:2 and 5 more` */
export function forgettingText({ count, names }: ForgetQuestion): string {
  const more = count > names.length ? ` and ${count - names.length} more` : ''
  return count === 0 ? 'no placed object' : `${names.join(', ')}${more}`
}

/** An object of which nothing stands may still have work that waits. */
function nameless({ server, backend, object }: ForgetTarget): Parameters<typeof checkNames>[1] {
  return { server, backend, model: object?.model }
}
