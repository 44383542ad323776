import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef, useSyncExternalStore } from 'react'
import { useRowKeys } from '../../parts/row-keys.ts'
import { StateMark } from '../../parts/state-mark.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import type { ServerStatus } from '../servers/standing.ts'
import { cellReader, type Matrix, matrixOf, type Row, troubleOf, waitingOf } from './cells.ts'
import css from './matrix.module.css'

/** Pixels; rows are of one height, so that thousands of them can be scrolled through. */
const ROW = 33

const narrow = window.matchMedia('(max-width: 40rem)')
const watchNarrow = (watcher: () => void) => {
  narrow.addEventListener('change', watcher)
  return () => narrow.removeEventListener('change', watcher)
}

/** Servers by backends. On a phone those that need somebody come first. */
export function MatrixView({ q, servers }: { q: string | undefined; servers: readonly ServerStatus[] }) {
  const words = useWords()
  const matrix = useQuery(matrixOf(q))
  return (
    <View of={matrix}>
      {(data) =>
        data.servers.length === 0 ? (
          q === undefined ? (
            <Empty text={words.noServers} command="orchestra server add web1 --host 203.0.113.7" />
          ) : (
            <Empty text={words.nothingFits} />
          )
        ) : (
          <Rows matrix={data} servers={servers} />
        )
      }
    </View>
  )
}

function Rows({ matrix, servers }: { matrix: Matrix; servers: readonly ServerStatus[] }) {
  const words = useWords()
  const around = useRef<HTMLDivElement>(null)
  const isNarrow = useSyncExternalStore(watchNarrow, () => narrow.matches)
  const rows = isNarrow
    ? matrix.servers.toSorted((a, b) => troubleOf(matrix, b) - troubleOf(matrix, a))
    : matrix.servers
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => around.current,
    estimateSize: () => ROW,
    overscan: 12,
  })
  useRowKeys(around)
  const shown = virtual.getVirtualItems()
  const above = shown[0]?.start ?? 0
  const below = virtual.getTotalSize() - (shown.at(-1)?.end ?? 0)
  const statusOf = new Map(servers.map((server) => [server.name, server]))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reached by keys
    <section ref={around} className={css.around} tabIndex={0} aria-label={words.matrix}>
      <table className={css.matrix} aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            <th scope="col">{words.server}</th>
            {matrix.backends.map((backend) => (
              <th key={backend} scope="col">
                {backend || '–'}
              </th>
            ))}
            <th scope="col">{words.waits}</th>
            <th scope="col">{words.note}</th>
          </tr>
        </thead>
        <tbody>
          {above > 0 ? <tr style={{ height: above }} /> : null}
          {shown.map(({ index }) => {
            const row = rows[index]
            return row === undefined ? null : (
              <MatrixRow
                key={row.server}
                at={index}
                row={row}
                matrix={matrix}
                status={statusOf.get(row.server)}
              />
            )
          })}
          {below > 0 ? <tr style={{ height: below }} /> : null}
        </tbody>
      </table>
    </section>
  )
}

interface RowProps {
  /** Where it is among all, of which only some are there. */
  at: number
  row: Row
  matrix: Matrix
  status: ServerStatus | undefined
}

function MatrixRow({ at, row, matrix, status }: RowProps) {
  const read = cellReader(matrix)
  return (
    <tr aria-rowindex={at + 2}>
      <th scope="row">
        <Link to="/servers/$server" params={{ server: row.server }}>
          {row.server}
        </Link>{' '}
        {row.blocked ? <StateMark state="blocked" /> : row.held ? <StateMark state="held" /> : null}
      </th>
      {row.cells.map((cell, at) => {
        const { state, count } = read(cell)
        return (
          <td key={matrix.backends[at]}>
            <StateMark state={state} count={count} />
          </td>
        )
      })}
      <td>{waitingOf(matrix, row)}</td>
      <td className={css.note}>{noteOf(status)}</td>
    </tr>
  )
}

function noteOf(status: ServerStatus | undefined): string {
  if (status?.blocked != null) return status.blocked.reason
  if (status?.held == null) return ''
  return [status.held.by, status.held.reason].filter((part) => part !== null).join(': ')
}
