/** Expressions for what a worker says of a lane that it holds. */
interface Claimed {
  server: string
  owner: string
  fence: string
}

/**
 * SQL that finds the lane of a server where it is still its holder's: with this owner, and not taken over since. It stays so until the
 * transaction ends.
 * @param lock `share` for who only begins something in it
 */
export function ownedLane({ server, owner, fence }: Claimed, lock: 'share' | 'no key update'): string {
  return `select from orchestra.lane where server_id = ${server} and owner = ${owner}::uuid and fence = ${fence} for ${lock}`
}
