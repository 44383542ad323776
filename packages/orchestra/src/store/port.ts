import { messageOf, OrchestraError } from '../errors.ts'
import { codeOf } from './sqlstate.ts'

/** Why the embedded database cannot be offered on a port, and who is to be asked. */
export function portError(port: number, cause: unknown): OrchestraError {
  const { why, hint } = reasonOf(port, cause)
  return new OrchestraError(
    'ORC_STORE_PORT',
    `The embedded database cannot be offered on port ${port}: ${why}`,
    {
      hint,
      cause,
    },
  )
}

function reasonOf(port: number, cause: unknown): { why: string; hint: string } {
  const another = 'take another port, or 0 for any that is free'
  switch (codeOf(cause)) {
    case 'EADDRINUSE':
      return {
        why: 'another program listens there',
        hint: `\`ss -ltnp 'sport = :${port}'\` shows which; end it, or ${another}`,
      }
    case 'EACCES':
      return {
        why: 'only root may listen there',
        hint: `Ports below 1024 need a right that this user has not: ${another}`,
      }
    default:
      return { why: messageOf(cause), hint: `Ports are 0 to 65535: ${another}` }
  }
}
