import { checkOptions, type NamesOf } from '../options.ts'
import { checkOwner } from './names.ts'
import { join } from './rendered.ts'
import { Command, quote, sh } from './sh.ts'

export interface AsUserOptions {
  /**
   * Runs it where root stands instead of in the user's home: in the current directory, which the user need not be able to reach by
   * its path, without the user's other groups, without capabilities, and without a way to get more. For what acts on files that came
   * from elsewhere. With `reads-all` it may read whatever is there, as the user's own files of mode 0000, and still writes no more.
   */
  confined?: 'own' | 'reads-all'
}

const optionNames: NamesOf<AsUserOptions> = { confined: true }

const capabilities = { own: '-all', 'reads-all': '-all,+dac_read_search' }

/**
 * The command, run as a user of the server, by name or number: in its home, strictly, with nothing of root's environment and no
 * open file of root's. For what happens where that user can write; root must not act by name there. As `as` of `script.run`, for
 * commands that are no step: those of `transfer`, `read`, `list`, and `restore` of the trash. It fails where there is no such user.
 */
export function asUser(user: string | number, command: Command, options: AsUserOptions = {}): Command {
  checkOptions('asUser()', options, optionNames)
  const name = checkOwner(user, 'the user of a command') ?? ''
  const parts = [sh`o_as ${name}`.rendered, command.rendered.map(quote)]
  if (options.confined !== undefined) parts.push(sh`${capabilities[options.confined]}`.rendered)
  return new Command(join(parts, ' '))
}
