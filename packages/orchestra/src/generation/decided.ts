/** SQL that is true for changes and failures that a worker looks at, by its duties as parameters. */
export function isDecided(models: string, backends: string, foreign: string): string {
  return `(model = any(${models}::text[]) and (backend is null or backend <> all(${foreign}::text[]))
    or backend = any(${backends}::text[]))`
}
