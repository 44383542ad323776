import { isIP } from 'node:net'
import { OrchestraError } from '../errors.ts'

/** Where a server is to listen. */
export interface Address {
  host: string
  port: number
}

/** Whether nobody beyond this machine can get there. A name other than `localhost` may lead anywhere. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

/** @throws OrchestraError ORC_HTTP_EXPOSED */
export function assertKept(host: string): void {
  if (isLoopback(host)) return
  throw new OrchestraError(
    'ORC_HTTP_EXPOSED',
    `${JSON.stringify(host)} can be reached from other machines, and tokens would go there for everybody to read`,
    { hint: 'Leave --host out, and reach it through SSH: ssh -L 4480:127.0.0.1:4480 HOST' },
  )
}

/** What the system says of an address that cannot be had. */
export function listenError({ host, port }: Address, cause: unknown): OrchestraError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  const { why, hint } = reasons[code] ?? {
    why: code || 'it cannot be had',
    hint: 'Give another --host or port',
  }
  return new OrchestraError('ORC_HTTP_ADDRESS', `The API cannot listen at ${urlOf({ host, port })}: ${why}`, {
    cause,
    hint,
  })
}

const reasons: Readonly<Record<string, { why: string; hint: string }>> = {
  EADDRINUSE: {
    why: 'another program listens there',
    hint: 'End that one, or give another port; 0 is any that is free',
  },
  EACCES: { why: 'ports below 1024 are for root', hint: 'Give a port from 1024 on' },
  EADDRNOTAVAIL: { why: 'this machine has no such address', hint: 'Give an address of this machine' },
  ENOTFOUND: { why: 'no such name is known', hint: 'Give an address of this machine' },
}

/** `http://127.0.0.1:4480` */
export function urlOf({ host, port }: Address): string {
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}
