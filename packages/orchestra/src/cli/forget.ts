import type { Command } from 'commander'
import { parseObject } from '../config/key.ts'
import { isOrchestraError, OrchestraError } from '../errors.ts'
import {
  type ForgetTarget,
  type Forgotten,
  forget,
  targetName,
  whatWouldBeForgotten,
} from '../removal/index.ts'
import { type Act, withExamples } from './command.ts'
import { NotAgreed } from './consent.ts'
import { checkNames } from './known.ts'
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
  { yes, ...options }: { server?: string; backend?: string; yes?: boolean },
): Promise<Ending> {
  const target = { ...options, ...(object === undefined ? {} : { object: readObject(object) }) }
  if (object === undefined && options.server === undefined) await checkNames(session, options)
  const forgotten = await forgetAgreed(session, target, yes === true).catch(async (error) => {
    // What is given up may be of a backend or a model that is gone: only where nothing is known of it, the name is wrong.
    if (isOrchestraError(error) && error.code === 'ORC_OBJECT_UNKNOWN')
      await checkNames(session, { ...options, object })
    throw error
  })
  session.terminal.tell(forgotten, `forgotten: ${describe(forgotten)}`)
  return 'done'
}

async function forgetAgreed(session: Session, target: ForgetTarget, isAgreed: boolean): Promise<Forgotten> {
  if (!isAgreed) await confirm(session, target)
  return forget(await session.store(), target, session.by)
}

/** A model that the configuration no longer has can be forgotten too. */
function readObject(text: string): NonNullable<ForgetTarget['object']> {
  const object = parseObject(text)
  if (object !== undefined) return object
  throw new OrchestraError('ORC_USAGE', `${JSON.stringify(text)} names no object`, {
    hint: 'Write MODEL:KEY, for example site:12; the parts of a composite key are joined by commas',
  })
}

async function confirm(session: Session, target: ForgetTarget): Promise<void> {
  const { terminal } = session
  const { count, names } = await whatWouldBeForgotten(await session.store(), target)
  if (count === 0) await checkNames(session, nameless(target))
  const more = count > names.length ? ` and ${count - names.length} more` : ''
  const what = count === 0 ? 'no placed object' : `${names.join(', ')}${more}`
  if (!terminal.json) terminal.line(`${targetName(target)}: ${what}`)
  const question = 'It stays on its servers, and Orchestra will know nothing of it. Go on? [y/N]'
  if (terminal.isInteractive && /^y(es)?$/i.test(await terminal.ask(question))) return
  throw new NotAgreed(`Nothing was forgotten; it would be ${what}`, 'Give --yes when that is what you want')
}

/** An object of which nothing stands may still have work that waits. */
function nameless({ server, backend, object }: ForgetTarget): Parameters<typeof checkNames>[1] {
  return { server, backend, model: object?.model }
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
