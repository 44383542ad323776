import type { Command } from 'commander'
import { type GrantsShown, grantsShow } from '../operate/index.ts'
import type { Section } from '../rights/index.ts'
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
  const grants = await session.runAlone(grantsShow, options)
  session.terminal.tell(grants, ...sectionLines(grants))
  return 'done'
}

function sectionLines({ database, roles, sections, loaders }: GrantsShown): string[] {
  return [
    `-- For ${roles.application} (application) and ${roles.worker} (worker) in database ${database}.`,
    ...sections.flatMap((section) => ['', ...sectionText(section)]),
    ...loaderLines(loaders),
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

function loaderLines(loaders: readonly string[]): string[] {
  if (loaders.length === 0) return []
  return [
    '',
    `-- Not known here: what the loaders of ${loaders.join(', ')} read beside the tables above. Worker and application`,
    '-- need SELECT on that as well, USAGE on its schema, and EXECUTE on functions that not everybody may call.',
  ]
}
