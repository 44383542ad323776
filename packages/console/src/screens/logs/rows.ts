import type { AnswerOf } from 'orchestrajs/client'

export type Section = AnswerOf<'GET /logs/{log}/sections'>['items'][number]

/** What is seen in a row: the head of what one operation printed, or a line. */
export type Row = { kind: 'section'; section: Section } | { kind: 'line'; line: number }

/** Rows that follow each other: a head, or lines; and the line that comes first behind all that is before. */
type Stretch =
  | { kind: 'section'; row: number; length: 1; line: number; section: Section }
  | { kind: 'lines'; row: number; length: number; line: number }

/**
 * A log as rows: of each operation a head, and its lines below it where that is open. However many lines there are, only what is
 * folded is kept.
 */
export class Rows {
  readonly count: number
  readonly #stretches: Stretch[] = []

  constructor(sections: readonly Section[], open: ReadonlySet<number | null>, total: number) {
    let row = 0
    let next = 1
    const addLines = (to: number, isShown = true) => {
      const length = Math.min(to, total) - next + 1
      if (length <= 0) return
      if (isShown) {
        this.#stretches.push({ kind: 'lines', row, length, line: next })
        row += length
      }
      next += length
    }
    for (const section of inOrder(sections)) {
      if (section.from !== null) addLines(section.from - 1)
      this.#stretches.push({ kind: 'section', row: row++, length: 1, line: next, section })
      if (section.to !== null) addLines(section.to, open.has(section.position))
    }
    addLines(total)
    this.count = row
  }

  at(row: number): Row | undefined {
    const stretch = this.#stretches[this.#last(({ row: first }) => first <= row)]
    if (stretch === undefined || row >= stretch.row + stretch.length) return undefined
    return stretch.kind === 'section'
      ? { kind: 'section', section: stretch.section }
      : { kind: 'line', line: stretch.line + row - stretch.row }
  }

  lineAt(row: number): number | undefined {
    const found = this.at(row)
    return found?.kind === 'line' ? found.line : undefined
  }

  /** What a row is known by, wherever it stands. */
  keyOf(row: number): string | number {
    const found = this.at(row)
    return found?.kind === 'section' ? `section ${found.section.position}` : (found?.line ?? `row ${row}`)
  }

  /** Where a line is; of one that is folded away, where its head is. */
  rowOf(line: number): number {
    const at = this.#last((one) => one.line <= line)
    const stretch = this.#stretches[at]
    if (stretch === undefined) return 0
    if (stretch.kind === 'section') return stretch.row
    return stretch.row + Math.min(line - stretch.line, stretch.length - 1)
  }

  /** The head of an operation before a row, or behind it. */
  headFrom(row: number, step: 1 | -1): number | undefined {
    const heads = this.#stretches.filter(({ kind }) => kind === 'section').map((head) => head.row)
    return step === 1 ? heads.find((head) => head > row) : heads.findLast((head) => head < row)
  }

  /** The last stretch of which something is true that is true of all before it. */
  #last(isTrue: (stretch: Stretch) => boolean): number {
    let [low, high] = [-1, this.#stretches.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const stretch = this.#stretches[middle]
      if (stretch !== undefined && isTrue(stretch)) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** What belongs to no operation is around all others, and has no head. */
function inOrder(sections: readonly Section[]): Section[] {
  return sections
    .filter(({ position }) => position !== null)
    .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
}

/** The operation that printed a line. */
export function sectionOf(sections: readonly Section[], line: number): Section | undefined {
  return inOrder(sections).findLast(({ from, to }) => from !== null && from <= line && line <= (to ?? from))
}

export function hasFailed({ outcome }: Section): boolean {
  return outcome !== null && outcome !== 'success' && outcome !== 'nothing'
}

/**
 * What is open when somebody comes: what failed, else the last of which something was printed. What comes later is open, and stays.
 */
export function openAtFirst(sections: readonly Section[]): Set<number | null> {
  const printed = sections.filter(({ from, position }) => from !== null && position !== null)
  const failed = printed.filter(hasFailed)
  const open = failed.length > 0 ? failed : printed.slice(-1)
  return new Set(open.map(({ position }) => position))
}
