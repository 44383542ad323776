/** Lists that are told by number take the number of the last that was seen. */
export function numbered(cursor: string | undefined): { cursor?: number } {
  return cursor === undefined || !/^\d{1,15}$/.test(cursor) ? {} : { cursor: Number(cursor) }
}
