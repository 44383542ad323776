import { nearest } from '../options.ts'

/** `Did you mean web1? `, and what else helps. */
export function suggestion(written: string, names: Iterable<string>, otherwise: string): string {
  const name = nearest(written, [...names])
  return name === undefined ? otherwise : `Did you mean ${name}? ${otherwise}`
}
