import type { Command } from 'commander'
import type { Agreement, ForgetQuestion } from '../operate/index.ts'
import { forgettingText, objectForget } from '../operate/index.ts'
import type { Forgotten } from '../removal/index.ts'
import { type Act, withExamples } from './command.ts'
import { askYes } from './consent.ts'
import type { Ending, Session } from './session.ts'

export function addForgetCommand(program: Command, act: Act): void {
  const forgetting = program
    .command('forget [object]')
    .description('Give up what stands on servers: it stays there, and nothing is known of it any more')
    .option('--server <name>', 'What stands on this server')
    .option('--backend <name>', 'What this backend placed')
    .option('--yes', 'Do not ask')
    .action(act(forgetCommand))
  withExamples(forgetting, 'forget site:12', 'forget site:12 --server web1', 'forget --server web1 --yes')
}

async function forgetCommand(
  session: Session,
  object: string | undefined,
  { yes = false, ...names }: { server?: string; backend?: string; yes?: boolean },
): Promise<Ending> {
  const agree = async (question: ForgetQuestion): Promise<Agreement> =>
    yes ? 'given' : confirm(session, question)
  const forgotten = await session.run(objectForget, { object, ...names }, { agree })
  session.terminal.tell(forgotten, `forgotten: ${describe(forgotten)}`)
  return 'done'
}

async function confirm(session: Session, question: ForgetQuestion): Promise<Agreement> {
  const { terminal } = session
  if (!terminal.json) terminal.line(`${question.target}: ${forgettingText(question)}`)
  return askYes(session, 'It stays on its servers, and Orchestra will know nothing of it. Go on?')
}

function describe(forgotten: Forgotten): string {
  const { placements, kept, remnants, operations, transfers, findings } = forgotten
  return [
    `${placements} placed objects${kept === 0 ? '' : ` (${kept} of them kept copies)`}`,
    ...(remnants === 0 ? [] : [`${remnants} copies under earlier names`]),
    ...(operations === 0 ? [] : [`${operations} operations revoked`]),
    ...(transfers === 0 ? [] : [`${transfers} transfers cancelled`]),
    ...(findings === 0 ? [] : [`${findings} findings`]),
  ].join(', ')
}
