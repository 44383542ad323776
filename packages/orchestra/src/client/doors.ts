import type { Permission, Scope } from '../access/index.ts'
import type { Table } from './table.ts'

/** Whoever was let in. Times are ISO 8601. */
export interface Entrance {
  user: string
  createdAt: string
  endsAt: string
  /** Where he wanted to go: a path of this server. */
  returnTo: string
}

/** Who asks, and what he may. */
export interface Me {
  kind: 'user' | 'token' | 'claimed' | 'application'
  name: string
  /** All that he may somewhere. */
  permissions: Permission[]
  /** Where he may what. */
  grants: ({ permissions: Permission[] } & Scope)[]
}

/** What is asked for by HTTP and is no verb: who somebody is, coming in, and leaving. */
export interface Doors {
  /** Who asks, and what he may: all permissions that he has somewhere, and where he has which */
  'GET /me': { kind: 'one'; input: Record<never, never>; answer: Me }
  /** Logs in by name and password: answers a cookie, and who it is for */
  'POST /session': {
    kind: 'act'
    input: { name: string; password: string; returnTo?: string }
    answer: Entrance
  }
  /** Logs in by a link that `orchestra user link` made, once */
  'POST /session/link': { kind: 'act'; input: { link: string; returnTo?: string }; answer: Entrance }
  /** Logs out: the session ends, with its streams */
  'DELETE /session': { kind: 'act'; input: Record<never, never>; answer: { ended: boolean } }
}

/** Everything that can be asked for. */
export interface Asked extends Table, Doors {}
