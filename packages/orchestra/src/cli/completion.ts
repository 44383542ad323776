import { Argument, type Command } from 'commander'
import { type Act, withExamples } from './command.ts'
import { fishCompletion } from './completion-fish.ts'
import { knownNames } from './completion-names.ts'
import { bashCompletion, zshCompletion } from './completion-scripts.ts'
import { commandWords } from './completion-words.ts'
import type { Ending, Session } from './session.ts'
import { oneLine } from './text-width.ts'

export function addCompletionCommand(program: Command, act: Act): void {
  const completion = program
    .command('completion')
    .addArgument(new Argument('<shell>', 'Whose').choices(['bash', 'zsh', 'fish']))
    .description('Print what makes a shell complete commands, options and names')
    .action(
      act(async ({ terminal }, shell: string) => {
        const words = commandWords(program)
        await terminal.write((scripts[shell] ?? bashCompletion)(words))
        return 'done'
      }),
    )
  withExamples(
    completion,
    'completion bash > /etc/bash_completion.d/orchestra',
    'completion zsh > ~/.zsh/completions/_orchestra',
    'completion fish > ~/.config/fish/completions/orchestra.fish',
  )
  program.command('complete-names <kind>', { hidden: true }).action(act(namesCommand))
}

const scripts: Readonly<Record<string, typeof bashCompletion>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

/** Names for a shell to choose from, one a line. */
async function namesCommand(session: Session, kind: string): Promise<Ending> {
  const { directory, environment, options } = session
  const names = await knownNames(kind, { directory, environment, config: options.config })
  // A name that cannot be shown on one line cannot be completed.
  for (const name of names) if (oneLine(name) === name) session.terminal.line(name)
  return 'done'
}
