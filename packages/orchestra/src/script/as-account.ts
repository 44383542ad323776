import { OrchestraError } from '../errors.ts'
import { join, plain } from './rendered.ts'
import { Command, quote, sh } from './sh.ts'

/** What an account may do beyond its own rights: nothing, or read whatever is there, as its own files of mode 0000. */
export type AccountRights = 'own' | 'reads-all'

const capabilities: Readonly<Record<AccountRights, readonly string[]>> = {
  own: ['--inh-caps=-all', '--bounding-set=-all'],
  'reads-all': [
    '--inh-caps=-all,+dac_read_search',
    '--ambient-caps=-all,+dac_read_search',
    '--bounding-set=-all,+dac_read_search',
  ],
}

/**
 * A command that an account runs where root stands: in the current directory, which the account need not be able to reach by
 * its path, with its number and its own group, no other groups, no capabilities, and no way to get more. It is strict (`set
 * -euo pipefail`), and fails where there is no such account.
 *
 * For what acts inside of somebody's files: what he put there in root's way is then in his own.
 *
 * @throws OrchestraError ORC_SECRET_JOINED when the command holds a secret, which would stand in an argument list
 */
export function asAccount(name: string, command: Command, rights: AccountRights = 'own'): Command {
  const [secret] = command.rendered.secrets
  if (secret !== undefined) {
    throw new OrchestraError(
      'ORC_SECRET_JOINED',
      `a command for ${name} holds the secret ${secret.name}, which an argument list would show`,
      { hint: 'Let the command read it from stdin' },
    )
  }
  const drop = sh`setpriv --reuid=${name} --regid="$(id -g -- ${name})" --clear-groups --no-new-privs ${capabilities[rights]} -- bash --noprofile --norc -c `
  const strict = join([plain('set -euo pipefail\n'), command.rendered])
  return new Command(join([drop.rendered, strict.map(quote)]))
}
