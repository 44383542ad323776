import { cutText, oneLine, textWidth } from './text-width.ts'

export interface Column<Row> {
  title: string
  value: (row: Row) => string | number | null
  align?: 'left' | 'right'
  /** Given the finished cell; must not change its width. */
  paint?: (cell: string, row: Row) => string
}

const gap = '  '
const narrowest = 8

/** Rows as aligned lines that fit the width: the widest columns are cut first. Empty without rows. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  if (rows.length === 0) return []
  const texts = rows.map((row) => columns.map((column) => oneLine(String(column.value(row) ?? '-'))))
  const titles = columns.map((column) => column.title)
  const widths = fit(widthsOf([titles, ...texts]), width)
  const format = (cells: readonly string[], row?: Row) =>
    columns
      .map((column, index) => formatCell(column, cells[index] ?? '', widths[index] ?? 0, row))
      .join(gap)
      .trimEnd()
  return [format(titles), ...texts.map((cells, index) => format(cells, rows[index]))]
}

function formatCell<Row>(column: Column<Row>, text: string, width: number, row: Row | undefined): string {
  const cut = cutText(text, width)
  const space = ' '.repeat(Math.max(0, width - textWidth(cut)))
  const cell = row === undefined || column.paint === undefined ? cut : column.paint(cut, row)
  return column.align === 'right' ? space + cell : cell + space
}

function widthsOf(lines: readonly (readonly string[])[]): number[] {
  const [titles = []] = lines
  return titles.map((_, index) =>
    lines.reduce((most, line) => Math.max(most, textWidth(line[index] ?? '')), 0),
  )
}

/** Takes what is too much from the widest column, again and again, but leaves each enough to be told by. */
function fit(widths: readonly number[], total: number): number[] {
  const fitted = [...widths]
  let excess = fitted.reduce((sum, width) => sum + width, 0) + gap.length * (fitted.length - 1) - total
  while (excess > 0) {
    const widest = fitted.indexOf(Math.max(...fitted))
    const width = fitted[widest] ?? 0
    if (width <= narrowest) break
    const next = Math.max(narrowest, ...fitted.filter((other, index) => index !== widest && other < width))
    const taken = Math.min(excess, Math.max(1, width - next))
    fitted[widest] = width - taken
    excess -= taken
  }
  return fitted
}
