import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { backendNamed } from '../config/names.ts'
import { OrchestraError } from '../errors.ts'
import { readCursor } from '../query/index.ts'
import {
  countProtections,
  findProtections,
  type Protectable,
  type ProtectionView,
  protect,
  protectableName,
  unprotect,
} from '../removal/index.ts'
import { limitField, nameField, objectField, queryField, reasonField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { knownObject } from './known.ts'
import { namedObject } from './objects.ts'
import { reading, writing } from './verb.ts'

/** An object (for one backend or all), or all objects of a backend. */
const subjectFields = { object: objectField.optional(), backend: nameField.optional() }

const LONGEST_CURSOR = 10_000

const behindField = z
  .string()
  .max(LONGEST_CURSOR)
  .refine((text) => readCursor(text, 2) !== undefined, 'is not where a page of protections ended')

export const protectionList = reading({
  name: 'protection.list',
  about: 'What may not be removed, and who says so',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    /** Default all. */
    limit: limitField.optional(),
    /** Behind the one that this was made of: its object and its backend. */
    after: behindField.optional(),
    q: queryField.optional(),
  }),
  count: (context, { q }) => countProtections(context.store, narrowedBy(context, 'protection.list', { q })),
  run: (context, { limit, after, q }): Promise<ProtectionView[]> =>
    findProtections(context.store, {
      limit,
      after: after === undefined ? undefined : (readCursor(after, 2) as [object: string, backend: string]),
      ...narrowedBy(context, 'protection.list', { q }),
    }),
})

export const protectionAdd = writing({
  name: 'protection.add',
  about: 'Refuses the removal of an object or of all objects of a backend',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ ...subjectFields, reason: reasonField.optional() }),
  audit: { action: 'protect', target: subjectText },
  run: async (context, { object, backend, reason }): Promise<ProtectionView> => {
    const { store, config, principal } = context
    if (object !== undefined) await knownObject(context, object)
    const subject = subjectOf(config, object, backend)
    return protect(store, subject, { by: principal.name, ...(reason ? { reason } : {}) })
  },
})

export const protectionRemove = writing({
  name: 'protection.remove',
  about: 'Ends a protection',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject(subjectFields),
  audit: { action: 'unprotect', target: subjectText },
  run: async (context, { object, backend }): Promise<{ subject: string; wasProtected: boolean }> => {
    const { store, config, principal } = context
    const subject = subjectOf(config, object, backend)
    const wasProtected = await unprotect(store, subject, principal.name)
    if (!wasProtected && object !== undefined) await knownObject(context, object)
    return { subject: protectableName(subject), wasProtected }
  },
})

function subjectText({
  object,
  backend,
}: {
  object?: string | undefined
  backend?: string | undefined
}): string {
  return object ?? `backend ${backend ?? '?'}`
}

function subjectOf(config: Config, object: string | undefined, backend: string | undefined): Protectable {
  if (backend !== undefined) backendNamed(config, backend)
  if (object !== undefined) {
    const { model, key } = namedObject(config, object)
    return { kind: 'object', model: model.name, key, backend: backend ?? null }
  }
  if (backend !== undefined) return { kind: 'backend', backend }
  throw new OrchestraError('ORC_USAGE', 'Nothing says whose protection is meant', {
    hint: 'Give an object (site:12), --backend NAME, or both; `orchestra protect` lists them',
  })
}
