import type { Command } from 'commander'
import { routeObjects } from '../manager/route.ts'
import { type Plan, type PlannedOperation, planWaiting } from '../plan/index.ts'
import { CurrentRouter } from '../router/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'
import { manyLines, oneLine } from './text-width.ts'

interface PlanOptions {
  server?: string
  backend?: string
  object?: string
  scripts?: boolean
}

export function addPlanCommand(program: Command, act: Act): void {
  const plan = program
    .command('plan')
    .description('What will be done, without asking any server: operations and their scripts')
    .option('--server <server>', 'For this server only')
    .option('--backend <backend>', 'Of this backend only')
    .option('--object <object>', 'For this object only, for example site:12')
    .option('--scripts', 'Show the scripts, secrets by name')
    .action(act(planCommand))
  withExamples(plan, 'plan', 'plan --server web1 --scripts', 'plan --json')
}

async function planCommand(session: Session, options: PlanOptions): Promise<Ending> {
  const { terminal } = session
  const { config } = await session.config()
  const store = await session.store()
  const router = await new CurrentRouter(config.backends.values()).get(store)
  const { scripts: showScripts, ...selector } = options
  const plan = await planWaiting(store, config, routeObjects(router), selector)
  terminal.tell(plan, ...planLines(plan, showScripts === true, terminal.width))
  return plan.operations.length + plan.failures.length === 0 ? 'done' : 'unfinished'
}

function planLines({ operations, scripts, failures }: Plan, showScripts: boolean, width: number): string[] {
  if (operations.length + failures.length === 0) return ['nothing is to be done']
  return [
    ...table(columns, operations, width),
    ...failures.map(({ object, reason }) => `cannot be done: ${oneLine(object)}: ${manyLines(reason)}`),
    ...(showScripts
      ? scripts.flatMap(({ server, backend, script }) => ['', `# ${backend} on ${server}`, manyLines(script)])
      : []),
  ]
}

const columns: Column<PlannedOperation>[] = [
  { title: 'SERVER', value: (operation) => operation.server },
  { title: 'BACKEND', value: (operation) => operation.backend },
  { title: 'ACTION', value: (operation) => operation.action },
  { title: 'OBJECT', value: (operation) => operation.object },
  { title: 'WAITS', value: (operation) => operation.waitsFor },
]
