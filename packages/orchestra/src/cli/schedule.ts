import type { Command } from 'commander'
import { type ScheduleView, scheduleList, scheduleRun } from '../operate/index.ts'
import { age } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addScheduleCommands(program: Command, act: Act): void {
  const schedule = withExamples(
    program.command('schedule').description('What is done by the clock: the schedules of the configuration'),
    'schedule list',
  )
  const list = schedule
    .command('list')
    .description('The schedules, and what became of the last time')
    .action(act(listCommand))
  withExamples(list, 'schedule list', 'schedule list --json')
  const run = schedule
    .command('run <name>')
    .description('Have it done at once, whatever the clock says')
    .action(act(runCommand))
  withExamples(run, 'schedule run nightly')
}

async function listCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const schedules = await session.run(scheduleList, {})
  terminal.tell(schedules, ...table(columns, schedules, terminal.width))
  if (schedules.length === 0) terminal.note('the configuration has no schedules')
  return 'done'
}

async function runCommand(session: Session, schedule: string): Promise<Ending> {
  const { id } = await session.run(scheduleRun, { schedule })
  session.terminal.tell({ id }, `synchronization ${id} was asked for: orchestra sync list`)
  return 'done'
}

const columns: Column<ScheduleView>[] = [
  { title: 'SCHEDULE', value: ({ name }) => name },
  { title: 'TIMES (UTC)', value: ({ cron }) => cron },
  { title: 'DOES', value: ({ does }) => does },
  { title: 'SERVER', value: ({ server }) => server ?? 'all' },
  { title: 'BACKEND', value: ({ backend }) => backend ?? 'all' },
  { title: 'LAST', value: ({ last }) => (last === null ? null : `${last.state}, ${age(last.at)} ago`) },
  { title: 'ERROR', value: ({ last }) => last?.error ?? null },
]
