import type { Command } from 'commander'
import type { ApprovalView } from '../access/index.ts'
import { type ApprovalGiven, approvalList, planApprove, planReject } from '../operate/index.ts'
import { age, until } from './ages.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import { planNamed } from './plan-named.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

/** What people say of plans, below `orchestra plan`. */
export function addApprovalCommands(plan: Command, act: Act): void {
  const approve = plan
    .command('approve <plan>')
    .description(
      'Let another person do exactly what a plan shows, once, within 24 hours: its number, or a file',
    )
    .option('--reason <text>', 'Kept with it')
    .action(act(approveCommand))
  withExamples(approve, 'plan approve 41', 'plan approve tonight.json')
  const reject = plan
    .command('reject <plan>')
    .description('Say no to a plan, by its number or a file: what others approved before counts no more')
    .option('--reason <text>', 'Kept with it')
    .action(act(rejectCommand))
  withExamples(reject, 'plan reject 41 --reason "not before the weekend"')
  const approvals = plan
    .command('approvals')
    .description('What was said of plans, the newest first')
    .option('--limit <count>', 'How many', wholeNumber(1), 50)
    .action(act(listCommand))
  withExamples(approvals, 'plan approvals', 'plan approvals --json')
}

async function approveCommand(
  session: Session,
  named: string,
  { reason }: { reason?: string },
): Promise<Ending> {
  await session.config()
  const plan = await planNamed(named)
  const said = await session.run(planApprove, { plan, reason })
  const until = said.expiresAt.slice(0, 16).replace('T', ' ')
  session.terminal.tell(said, `another person may do it until ${until} UTC: orchestra apply ${named}`)
  noteNeed(session, said)
  return 'done'
}

async function rejectCommand(
  session: Session,
  named: string,
  { reason }: { reason?: string },
): Promise<Ending> {
  await session.config()
  const plan = await planNamed(named)
  const said = await session.run(planReject, { plan, reason })
  session.terminal.tell(said, `rejected by ${said.by}`)
  noteNeed(session, said)
  return 'done'
}

function noteNeed({ terminal }: Session, { needed }: ApprovalGiven): void {
  terminal.note(needed.length === 0 ? 'the plan needs no approval' : `it needed one: ${needed.join('; ')}`)
}

async function listCommand(session: Session, search: { limit: number }): Promise<Ending> {
  const { terminal } = session
  const approvals = await session.run(approvalList, search)
  terminal.tell(approvals, ...table(columns, approvals, terminal.width))
  if (approvals.length === 0) terminal.note('nothing was said of any plan')
  return 'done'
}

const columns: Column<ApprovalView>[] = [
  { title: 'PLAN', value: ({ plan }) => plan.slice(0, 12) },
  { title: 'SAID', value: ({ verdict }) => verdict },
  { title: 'BY', value: ({ by }) => by },
  { title: 'AGE', value: ({ at }) => age(at), align: 'right' },
  { title: 'ENDS', value: ({ usedAt, expiresAt }) => (usedAt === null ? until(expiresAt) : 'used') },
  { title: 'REASON', value: ({ reason }) => reason },
]
