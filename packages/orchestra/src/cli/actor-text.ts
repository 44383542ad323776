import type { UnitStatus } from '../placements/index.ts'

/**
 * Who a unit says it is of, and who was logged in to the database where that is somebody else: whoever writes a table can name any
 * actor.
 */
export function actorText({ actor, logins }: Pick<UnitStatus, 'actor' | 'logins'>): string | null {
  const others = logins.filter((login) => login !== actor)
  if (actor === null || others.length === 0) return actor
  return `${actor} (database ${others.length === 1 ? 'user' : 'users'} ${others.join(', ')})`
}
