import { type MouseEvent, memo, type ReactNode } from 'react'
import { clockTime } from '../../words/times.ts'
import css from './log.module.css'
import type { Line } from './output.ts'
import { type Piece, piecesOf } from './text.ts'

interface LineProps {
  n: number
  /** Not there yet where it is asked for. */
  line: Line | undefined
  /** Marked where it stands. */
  find: string
  isPointedAt: boolean
  isFound: boolean
  hasTime: boolean
  /** What is said of one that is longer than what is told of it. */
  cutText: string
  onPoint: (n: number, event: MouseEvent) => void
}

/** A line that is as it was is not touched: what somebody has selected of it stays selected. */
export const OutputLine = memo(function OutputLine({ n, line, find, cutText, ...props }: LineProps) {
  const { isPointedAt, isFound, hasTime, onPoint } = props
  return (
    <div
      className={css.line}
      data-n={n}
      data-stream={line?.stream}
      data-pointed={isPointedAt || undefined}
      data-found={isFound || undefined}
    >
      <a className={css.number} href={`#L${n}`} tabIndex={-1} onClick={(event) => onPoint(n, event)}>
        {n}
      </a>
      {hasTime ? (
        <time className={css.time} dateTime={line?.at}>
          {line === undefined ? '' : clockTime(new Date(line.at))}
        </time>
      ) : null}
      <span className={css.stream}>{line?.stream === 'stderr' ? 'err' : ''}</span>
      <span className={css.text} data-text>
        {line === undefined ? '…' : <Pieces text={line.text} find={find} />}
        {line?.cut === true ? <em className={css.cut}> {cutText}</em> : null}
        {'\n'}
      </span>
    </div>
  )
})

function Pieces({ text, find }: { text: string; find: string }): ReactNode {
  return piecesOf(text).map((piece, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one line have no other name
    <PieceText key={at} piece={piece} find={find} />
  ))
}

function PieceText({ piece, find }: { piece: Piece; find: string }): ReactNode {
  const marked = withMarks(piece.text, find)
  const { tone, ground, isBold, isDim, isUnderlined } = piece
  if (tone === null && ground === null && !isBold && !isDim && !isUnderlined) return marked
  return (
    <span
      data-tone={tone ?? undefined}
      data-ground={ground ?? undefined}
      data-bold={isBold || undefined}
      data-dim={isDim || undefined}
      data-underlined={isUnderlined || undefined}
    >
      {marked}
    </span>
  )
}

function withMarks(text: string, find: string): ReactNode {
  if (find === '' || !text.includes(find)) return text
  const [first = '', ...rest] = text.split(find)
  return [
    first,
    ...rest.flatMap((part, at) => [
      // biome-ignore lint/suspicious/noArrayIndexKey: places in one line have no other name
      <mark key={at}>{find}</mark>,
      part,
    ]),
  ]
}
