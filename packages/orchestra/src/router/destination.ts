/** A server as routes lead to it, and as match expressions see it. */
export interface RoutedServer {
  id: number
  name: string
  tags: readonly string[]
}

/** Where a route leads: to one server, or to every server that has all of these tags. */
export interface Destination {
  /** Null for a route to tags. */
  serverId: number | null
  /** The server's name; null for a route to tags. */
  server: string | null
  /** Empty for a route to one server. */
  tags: readonly string[]
}

/** The servers that a route leads to. */
export function destinationsOf(
  { serverId, server, tags }: Destination,
  servers: readonly RoutedServer[],
): RoutedServer[] {
  if (serverId === null) return servers.filter((one) => tags.every((tag) => one.tags.includes(tag)))
  return [servers.find((one) => one.id === serverId) ?? { id: serverId, name: server ?? '', tags: [] }]
}

/** `web1`, or `tag web` and `tags eu, web`. */
export function destinationName({ server, tags }: Pick<Destination, 'server' | 'tags'>): string {
  if (server !== null) return server
  return `${tags.length === 1 ? 'tag' : 'tags'} ${tags.join(', ')}`
}

/** SQL that is true where a route leads to a server; both stand in the statement by these names. */
export function leadsTo(route: string, server: string): string {
  return `(${route}.server_id = ${server}.id or cardinality(${route}.tags) > 0 and ${server}.tags @> ${route}.tags)`
}
