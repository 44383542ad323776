import { useQuery } from '@tanstack/react-query'
import type { Me } from 'orchestrajs/client'
import { asked } from './queries.ts'

export type Permission = Me['permissions'][number]

/** Whether somebody may do something there, as far as the console knows: the API decides. */
export function may(me: Me, permission: Permission, server?: string): boolean {
  return me.grants.some(
    ({ permissions, servers }) =>
      permissions.includes(permission) &&
      (server === undefined || servers === null || servers.includes(server)),
  )
}

export function useMe(): Me | undefined {
  return useQuery(asked('GET /me')).data
}
