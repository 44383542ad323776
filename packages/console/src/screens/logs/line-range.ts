/** Lines that somebody points at: `#L118` and `#L118-124`. */
export interface LineRange {
  from: number
  to: number
}

export function readLineRange(hash: string): LineRange | null {
  const [, first, last] = /^#?L(\d{1,12})(?:-L?(\d{1,12}))?$/.exec(hash) ?? []
  if (first === undefined) return null
  const [from, to] = [Number(first), Number(last ?? first)]
  return from < 1 ? null : { from: Math.min(from, to), to: Math.max(from, to) }
}

export function writeLineRange({ from, to }: LineRange): string {
  return from === to ? `L${from}` : `L${from}-${to}`
}
