import type { Command } from 'commander'
import { storeOptions } from '../config/load.ts'
import { OrchestraError } from '../errors.ts'
import { type Facts, grantsFor, type Roles, readFacts, type Section } from '../rights/index.ts'
import { openStore } from '../store/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { linesOf } from './text-width.ts'

const DEFAULT_APPLICATION = 'app'
const DEFAULT_WORKER = 'orchestra'

export function addGrantsCommand(program: Command, act: Act): void {
  const grants = program
    .command('grants')
    .description('Print the SQL that gives owner, application and worker what each needs; runs none of it')
    .option('--owner <role>', 'Owns tables that do not exist yet; default whoever owns the others')
    .option('--application <role>', 'The application connects as this', DEFAULT_APPLICATION)
    .option('--worker <role>', 'orchestra up and the commands connect as this', DEFAULT_WORKER)
    .action(act(grantsCommand))
  withExamples(grants, 'grants', 'grants --application web --worker orchestra', 'grants --json')
}

interface GrantsOptions {
  owner?: string
  application: string
  worker: string
}

async function grantsCommand(session: Session, options: GrantsOptions): Promise<Ending> {
  const facts = await lookUp(session)
  const roles = { ...options, owner: options.owner ?? usualOwner(facts) }
  const sections = grantsFor(facts, roles)
  const { loaders } = facts
  session.terminal.tell({ roles, sections, loaders }, ...sectionLines(facts, roles, sections))
  return 'done'
}

/** Before the first `up` too, so nothing is asked of Orchestra's own tables. */
async function lookUp(session: Session): Promise<Facts> {
  const { config, path } = await session.config()
  const place = storeOptions({ config, path }, session.environment)
  if (!place.databaseUrl) {
    throw new OrchestraError('ORC_USAGE', 'The embedded database has one user, who may do everything', {
      hint: 'Give the Postgres that is meant in DATABASE_URL',
    })
  }
  const store = await openStore(place)
  try {
    return await readFacts(store, config)
  } finally {
    await store.close()
  }
}

function usualOwner({ tables, databaseOwner }: Facts): string {
  return tables.find(({ owner }) => owner !== null)?.owner ?? databaseOwner
}

function sectionLines(facts: Facts, roles: Roles, sections: readonly Section[]): string[] {
  return [
    `-- For ${roles.application} (application) and ${roles.worker} (worker) in database ${facts.database}.`,
    ...sections.flatMap((section) => ['', ...sectionText(section)]),
    ...loaderLines(facts),
  ]
}

function sectionText({ as, when, statements }: Section): string[] {
  const who = as === null ? 'a superuser' : as
  const time = when === 'after' ? ', after the first `orchestra up` (or `orchestra up --migrate-only`)' : ''
  const reasons = [...Map.groupBy(statements, ({ why }) => why)]
  return [
    `-- As ${who}${time}:`,
    ...reasons.flatMap(([why, those]) => [`-- ${why}`, ...those.flatMap(({ sql }) => linesOf(`${sql};`))]),
  ]
}

function loaderLines({ loaders }: Facts): string[] {
  if (loaders.length === 0) return []
  return [
    '',
    `-- Not known here: what the loaders of ${loaders.join(', ')} read beside the tables above. Worker and application`,
    '-- need SELECT on that as well, USAGE on its schema, and EXECUTE on functions that not everybody may call.',
  ]
}
