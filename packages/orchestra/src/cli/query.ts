/** The option of every list that can be narrowed. */
export const queryOption = [
  '--query <query>',
  'Only what fits, such as: server:web1 -backend:cron "text" (docs/query.md)',
] as const

/** Options of a list as its verb is asked. */
export function askedBy<Options extends { query?: string }>({
  query,
  ...rest
}: Options): Omit<Options, 'query'> & { q?: string } {
  return query === undefined ? rest : { ...rest, q: query }
}
