import type { Command } from 'commander'
import { approvalWaiting, type WaitingApproval } from '../operate/index.ts'
import { age } from './ages.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { type Column, table } from './table.ts'

export function addApprovalsCommand(program: Command, act: Act): void {
  const approvals = program
    .command('approvals')
    .description('What waits for somebody to approve it: plans that are kept, and host keys')
    .action(act(waitingCommand))
  withExamples(approvals, 'approvals', 'approvals --json')
}

async function waitingCommand(session: Session): Promise<Ending> {
  const { terminal } = session
  const waiting = await session.run(approvalWaiting, {})
  terminal.tell(waiting, ...table(columns, waiting, terminal.width))
  if (waiting.length === 0) terminal.note('nothing waits for an approval')
  return 'done'
}

const columns: Column<WaitingApproval>[] = [
  {
    title: 'WAITS',
    value: ({ kind, plan, server }) => (kind === 'plan' ? `plan ${plan}` : `host key of ${server}`),
  },
  { title: 'AGE', value: ({ since }) => (since === null ? null : age(since)), align: 'right' },
  { title: 'BY', value: ({ by }) => by },
  { title: 'WHY', value: ({ reasons }) => reasons.join('; ') },
  {
    title: 'NEXT',
    value: ({ kind, plan, server }) =>
      kind === 'plan' ? `plan approve ${plan}` : `server approve ${server}`,
  },
]
