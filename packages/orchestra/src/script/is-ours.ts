import { type Command, sh } from './sh.ts'

/**
 * A command that succeeds when something of this name is ours: `script.own` claimed it, for this object or another. For what a
 * command is about to remove. In a step of `save`, `delete`, `rename` or `prune` only.
 *
 * @example sh`for name in $(list-members ${group}); do if ${isOurs(sh`"member $name"`)}; then remove-member "$name"; fi; done`
 */
export function isOurs(name: string | Command): Command {
  return sh`o_is_marked ${name}`
}
