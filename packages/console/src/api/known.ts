import { useQuery } from '@tanstack/react-query'
import { asked } from './queries.ts'

/** Names to choose from: of servers the first of many, since whoever knows another writes it. */
export function useNames() {
  const servers = useQuery(asked('GET /servers', { limit: 200 })).data
  const backends = useQuery(asked('GET /backends')).data
  const models = useQuery(asked('GET /models')).data
  return {
    servers: servers?.items.map(({ name }) => name) ?? [],
    backends: backends?.items.map(({ name }) => name) ?? [],
    models: models?.items.map(({ name }) => name) ?? [],
  }
}
