import type { Command } from 'commander'
import { OrchestraError } from '../errors.ts'
import { workCancel, workRetry } from '../operate/index.ts'
import { type Act, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'

export function addWorkCommands(program: Command, act: Act): void {
  const retrying = program
    .command('retry [target]')
    .description(
      'Try again at once: an object (site:12), a log (12), a unit of work (the beginning of its id)',
    )
    .option('--failed', 'Everything that has failed')
    .action(act(retryCommand))
  withExamples(retrying, 'retry site:12', 'retry 4711', 'retry 0f9e3c4a', 'retry --failed')
  const cancelling = program
    .command('cancel <target>')
    .description('Revoke what waits and end what runs, on the server too: an object, a log, a unit of work')
    .option('--server <server>', 'On this server alone')
    .option('--backend <backend>', 'Of this backend alone')
    .action(act(cancelCommand))
  withExamples(cancelling, 'cancel 4711', 'cancel site:12', 'cancel site:12 --server web1')
}

async function retryCommand(
  session: Session,
  target: string | undefined,
  options: { failed?: boolean },
): Promise<Ending> {
  const retried = await session.run(workRetry, retryInput(target, options.failed))
  const { hastened, lookedAtAgain } = retried
  const nothing = hastened + lookedAtAgain === 0
  session.terminal.tell(
    retried,
    nothing
      ? 'there is nothing of it to try again'
      : `${hastened} operations are due at once, ${lookedAtAgain} objects are looked at again`,
  )
  return 'done'
}

function retryInput(target: string | undefined, failed = false): { target: string } | { failed: true } {
  if (failed && target === undefined) return { failed }
  if (!failed && target !== undefined) return { target }
  throw new OrchestraError('ORC_USAGE', 'Give either a target or --failed', {
    hint: 'orchestra retry site:12, or orchestra retry --failed',
  })
}

async function cancelCommand(
  session: Session,
  target: string,
  place: { server?: string; backend?: string },
): Promise<Ending> {
  const cancelled = await session.run(workCancel, { target, ...place })
  const { revoked, stopping, undecided } = cancelled
  const nothing = revoked + stopping.length + undecided === 0
  session.terminal.tell(
    cancelled,
    nothing ? 'there is nothing of it to cancel' : `${revoked} operations are revoked`,
    ...(undecided > 0
      ? [`${undecided} changes are not decided yet and go on: cancel again in a moment`]
      : []),
    ...stopping.map((id) => `log ${id} is being ended on its server: orchestra log follow ${id}`),
  )
  return 'done'
}
