import { useQuery } from '@tanstack/react-query'
import { asked } from '../../api/queries.ts'
import { type Field, given, namesIn, type Values } from '../../parts/field.tsx'
import { own } from './words.ts'

/** What every store has, for who may not see the roles of this one. */
const standard = ['viewer', 'operator', 'approver', 'auditor', 'admin']

export function useRoleNames(): readonly string[] {
  const { data } = useQuery(asked('GET /roles', { limit: 200 }))
  return data?.items.map(({ name }) => name) ?? standard
}

/** For what something is given: a list that is left empty is no limit. */
export function scopeFields(): Field[] {
  const names = ['servers', 'backends', 'models', 'actions'] as const
  return names.map((name) => ({ name, label: own[name], isFurther: true }))
}

export function scopeIn({ servers, backends, models, actions }: Values) {
  return given({
    servers: namesIn(servers),
    backends: namesIn(backends),
    models: namesIn(models),
    actions: namesIn(actions),
  })
}

interface Scope {
  servers: readonly string[] | null
  backends: readonly string[] | null
  models: readonly string[] | null
  actions?: readonly string[] | null
}

/** Where something holds, in words. */
export function scopeText({ servers, backends, models, actions = null }: Scope): string {
  const parts = [servers, backends, models, actions].filter((part) => part !== null)
  return parts.length === 0 ? own.everywhere : parts.map((part) => part.join(', ')).join(' · ')
}
