import { z } from 'zod'
import { type Matrix, readMatrix } from '../placements/index.ts'
import { limitField, nameField, queryField } from './fields.ts'
import { narrowedBy } from './filters.ts'
import { reading } from './verb.ts'

/** Servers of one answer. */
const MOST_ROWS = 5_000

export const matrixRead = reading({
  name: 'matrix.read',
  about: 'Servers by backends: how much there is of each, and how much of it waits, runs or fails',
  needs: 'store',
  answers: 'soon',
  input: z.strictObject({
    limit: limitField.max(MOST_ROWS).default(1_000),
    /** Behind this server. */
    after: nameField.optional(),
    /** Which servers: with the filters of their list. */
    q: queryField.optional(),
  }),
  run: (context, { limit, after, q }): Promise<Matrix> =>
    readMatrix(context.store, { limit, after, ...narrowedBy(context, 'server.list', { q }) }),
})
