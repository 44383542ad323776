import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { formatObject } from '../config/key.ts'
import { OrchestraError } from '../errors.ts'
import { audit } from '../server/index.ts'
import { changesIn } from '../source/index.ts'
import { objectField } from './fields.ts'
import { knownObject } from './known.ts'
import { writing } from './verb.ts'

/** An object whose row is looked at. */
export interface Collected {
  object: string
  /** The unit of work that tells what becomes of it. */
  unit: string
}

export const objectCollect = writing({
  name: 'object.collect',
  about:
    'Looks at the row of an object now, as after a change: what it wants elsewhere, or otherwise, follows',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({ object: objectField }),
  audit: { action: 'object.collect', target: ({ object }) => object },
  run: async (context, { object: text }): Promise<Collected> => {
    const { store, principal, face } = context
    const { model, key } = await knownObject(context, text)
    // Without a row it would be taken for gone, and removed.
    if (model.table === null) throw noRow(text, model.name)
    const object = formatObject(model.name, key)
    const unit = randomUUID()
    const { name: by } = principal
    const asked = { unitId: unit, actor: by, source: face, model: model.name, action: 'save', keys: [key] }
    await store.transaction(async (tx) => {
      await changesIn(tx).ask([asked])
      await audit(tx, { by, action: 'object.collect', target: text, detail: { unit } })
      await tx.query(`select pg_notify('orchestra_change', '')`)
    })
    return { object, unit }
  },
})

function noRow(object: string, model: string): OrchestraError {
  return new OrchestraError('ORC_USAGE', `${object} has no row: no table holds objects of ${model}`, {
    hint: 'The application says what is to become of it; `orchestra retry` does again what it said last',
  })
}
