/** SQL for a time as ISO 8601 text in UTC, null where it is null: what JSON and people read alike. */
export function isoTime(expression: string): string {
  return `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}
