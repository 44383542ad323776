import { checkOwner } from './names.ts'
import { join } from './rendered.ts'
import { Command, quote, sh } from './sh.ts'

/**
 * The command, run as a user of the server, by name or number: in its home, strictly, with nothing of root's environment and no
 * open file of root's. For what happens where that user can write; root must not act by name there. As `as` of `script.run`, for
 * commands that are no step: those of `transfer`, `read`, `list`, and `restore` of the trash.
 */
export function asUser(user: string | number, command: Command): Command {
  const name = checkOwner(user, 'the user of a command') ?? ''
  return new Command(join([sh`o_as ${name}`.rendered, command.rendered.map(quote)], ' '))
}
