import type { Command } from 'commander'

/** What may follow a command. */
export interface CommandWords {
  /** `server add`; empty for the program itself. */
  path: string
  words: string[]
  /** Kinds of names that its arguments take, in their order; undefined where anything may stand. */
  names: (string | undefined)[]
}

const kinds = ['server', 'backend', 'route']

/** Every command of the program with its subcommands, options and choices. */
export function commandWords(program: Command): CommandWords[] {
  const global = optionsOf(program)
  return walk(program, '').map((entry) => ({ ...entry, words: [...entry.words, ...global] }))
}

function walk(command: Command, path: string): CommandWords[] {
  const subcommands = command.createHelp().visibleCommands(command)
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? [])
  const own = {
    path,
    words: [...subcommands.map((sub) => sub.name()), ...choices, ...(path === '' ? [] : optionsOf(command))],
    names: command.registeredArguments.map((argument) => kinds.find((kind) => kind === argument.name())),
  }
  const below = command.commands.filter((sub) => subcommands.includes(sub))
  return [own, ...below.flatMap((sub) => walk(sub, path === '' ? sub.name() : `${path} ${sub.name()}`))]
}

function optionsOf(command: Command): string[] {
  return command.options.flatMap((option) =>
    option.long === undefined || option.long === null ? [] : [option.long],
  )
}
