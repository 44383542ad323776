/** Names that are so far from what was written are no suggestion. */
const FARTHEST = 3

/** The name that somebody most probably meant; undefined where none is near. */
export function similarName(written: string, names: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined
  for (const name of names) {
    const bound = Math.min(FARTHEST, Math.ceil(Math.max(name.length, written.length) / 3))
    const distance = distanceBetween(written.toLowerCase(), name.toLowerCase())
    if (distance <= bound && distance < (best?.distance ?? Number.POSITIVE_INFINITY))
      best = { name, distance }
  }
  return best?.name
}

/** `Did you mean web1? `, or what there is. */
export function suggestion(written: string, names: Iterable<string>, otherwise: string): string {
  const name = similarName(written, names)
  return name === undefined ? otherwise : `Did you mean ${name}? ${otherwise}`
}

/** Letters to add, remove, replace or swap with their neighbour. */
function distanceBetween(one: string, other: string): number {
  let before: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = at(last, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1)
      row[j] = Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced)
      const swapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      if (i > 1 && j > 1 && swapped) row[j] = Math.min(at(row, j), at(before, j - 2) + 1)
    }
    before = last
    last = row
  }
  return at(last, other.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
