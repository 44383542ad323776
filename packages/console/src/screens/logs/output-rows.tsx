import type { MouseEvent } from 'react'
import { useWords } from '../../words/index.ts'
import { OutputLine } from './line.tsx'
import type { LineRange } from './line-range.ts'
import css from './log.module.css'
import type { Output } from './output.ts'
import type { Rows } from './rows.ts'
import { SectionHead } from './section-head.tsx'
import type { Opened } from './use-open.ts'
import type { RowWindow } from './use-window.ts'

interface OutputRowsProps {
  window: RowWindow
  rows: Rows
  output: Output
  opened: Opened
  pointed: LineRange | null
  find: string
  foundLine: number | undefined
  wrap: boolean
  times: boolean
  onPoint: (n: number, event: MouseEvent) => void
}

/** Those rows that are seen, where they would be if all were there. */
export function OutputRows({ window, rows, ...props }: OutputRowsProps) {
  return (
    <div className={css.rows} style={{ height: window.height }}>
      {window.items.map(({ index, key, start }) => (
        <div
          key={key}
          ref={props.wrap ? window.measureRow : undefined}
          data-index={index}
          data-row={window.first + index}
          className={css.row}
          style={{ transform: `translateY(${start}px)` }}
        >
          <OutputRow {...props} row={rows.at(window.first + index)} />
        </div>
      ))}
    </div>
  )
}

type OutputRowProps = Omit<OutputRowsProps, 'window' | 'rows'> & { row: ReturnType<Rows['at']> }

function OutputRow({ row, output, opened, pointed, find, foundLine, times, onPoint }: OutputRowProps) {
  const words = useWords()
  if (row === undefined) return null
  if (row.kind === 'section')
    return (
      <SectionHead
        section={row.section}
        isOpen={opened.open.has(row.section.position)}
        onToggle={opened.toggle}
      />
    )
  const { line: n } = row
  return (
    <OutputLine
      n={n}
      line={output.line(n)}
      find={find}
      isPointedAt={pointed !== null && n >= pointed.from && n <= pointed.to}
      isFound={foundLine === n}
      hasTime={times}
      cutText={words.log.cut}
      onPoint={onPoint}
    />
  )
}
