import type { Command } from 'commander'
import { createProgram } from '../../packages/orchestra/src/cli/program.ts'

const width = 100

/** The help of every command, as it is printed. */
export function commandHelps(): { name: string; help: string }[] {
  let printed = ''
  const collect = (text: string) => {
    printed += text
    return true
  }
  const streams = { stdout: { write: collect }, stderr: { write: collect } }
  const program = createProgram(() => async () => undefined, streams as never)
  return commandsOf(program).map((command) => {
    printed = ''
    command.configureOutput({ getOutHelpWidth: () => width, getOutHasColors: () => false })
    // Said once, for all.
    command.configureHelp({ showGlobalOptions: false })
    command.outputHelp()
    return { name: nameOf(command), help: printed }
  })
}

/** A command and all below it, without those that only other programs call. */
function commandsOf(command: Command): Command[] {
  const visible = command.createHelp().visibleCommands(command)
  return [command, ...visible.filter((one) => one.name() !== 'help').flatMap(commandsOf)]
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}
