import { z } from 'zod'
import { storeOptions } from '../config/load.ts'
import { OrchestraError } from '../errors.ts'
import { type Facts, grantsFor, type Roles, readFacts, type Section } from '../rights/index.ts'
import { type Ground, withDatabase } from './context.ts'
import { nameField } from './fields.ts'
import { reading } from './verb.ts'

/** What each role of a database needs. */
export interface GrantsShown {
  database: string
  roles: Roles
  sections: Section[]
  /** Models whose loaders read what nobody but they know. */
  loaders: readonly string[]
}

export const grantsShow = reading({
  name: 'grants.show',
  about: 'The SQL that gives owner, application and worker what each needs; runs none of it',
  needs: 'configuration',
  answers: 'soon',
  input: z.strictObject({
    /** Owns tables that do not exist yet; default whoever owns the others. */
    owner: nameField.optional(),
    application: nameField.default('app'),
    worker: nameField.default('orchestra'),
  }),
  run: async (ground: Ground, { owner, ...others }): Promise<GrantsShown> => {
    const facts = await lookUp(ground)
    const roles = { ...others, owner: owner ?? usualOwner(facts) }
    const { database, loaders } = facts
    return { database, roles, sections: grantsFor(facts, roles), loaders }
  },
})

/** Before the first `up` too, so nothing is asked of Orchestra's own tables. */
async function lookUp(ground: Ground): Promise<Facts> {
  const loaded = await ground.load()
  if (!storeOptions(loaded, ground.environment).databaseUrl)
    throw new OrchestraError('ORC_USAGE', 'The embedded database has one user, who may do everything', {
      hint: 'Give the Postgres that is meant in DATABASE_URL',
    })
  return withDatabase(ground, (store) => readFacts(store, loaded.config))
}

function usualOwner({ tables, databaseOwner }: Facts): string {
  return tables.find(({ owner }) => owner !== null)?.owner ?? databaseOwner
}
