import { Argument, type Command } from 'commander'
import { OrchestraError } from '../errors.ts'
import { listRoutes } from '../router/index.ts'
import { listServers } from '../server/index.ts'
import { type Act, withExamples } from './command.ts'
import { bashCompletion, zshCompletion } from './completion-scripts.ts'
import { commandWords } from './completion-words.ts'
import type { Ending, Session } from './session.ts'
import { oneLine } from './text-width.ts'

export function addCompletionCommand(program: Command, act: Act): void {
  const completion = program
    .command('completion')
    .addArgument(new Argument('<shell>', 'Whose').choices(['bash', 'zsh']))
    .description('Print what makes a shell complete commands, options and names')
    .action(
      act(async ({ terminal }, shell: string) => {
        const words = commandWords(program)
        await terminal.write(shell === 'bash' ? bashCompletion(words) : zshCompletion(words))
        return 'done'
      }),
    )
  withExamples(
    completion,
    'completion bash > /etc/bash_completion.d/orchestra',
    'completion zsh > ~/.zsh/completions/_orchestra',
  )
  program.command('complete-names <kind>', { hidden: true }).action(act(namesCommand))
}

/** Names for a shell to choose from, one a line. */
async function namesCommand(session: Session, kind: string): Promise<Ending> {
  const names = await namesOf(session, kind)
  // A name that cannot be shown on one line cannot be completed.
  for (const name of names) if (oneLine(name) === name) session.terminal.line(name)
  return 'done'
}

async function namesOf(session: Session, kind: string): Promise<string[]> {
  if (kind === 'backend') return [...(await session.config()).config.backends.keys()]
  const store = await session.store()
  if (kind === 'server') return (await listServers(store)).map((server) => server.name)
  if (kind === 'route') return (await listRoutes(store)).map((route) => String(route.id))
  throw new OrchestraError('ORC_USAGE', `There are no names of ${kind}s to complete`)
}
