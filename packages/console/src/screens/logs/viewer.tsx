import { useEffect, useMemo, useRef, useState } from 'react'
import { useScreenKeys } from '../../parts/screen-keys.ts'
import { Empty, Problem, Waiting } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { countOf } from '../../words/times.ts'
import css from './log.module.css'
import { OutputRows } from './output-rows.tsx'
import { Rows, type Section } from './rows.ts'
import { useSelected } from './selection.ts'
import { useCopy } from './use-copy.ts'
import { useFind } from './use-find.ts'
import { useLogSearch } from './use-log-search.ts'
import { useOpen } from './use-open.ts'
import { useOutput } from './use-output.ts'
import { usePlaces } from './use-places.ts'
import { PLAIN, useWindow } from './use-window.ts'
import { ViewerTools } from './viewer-tools.tsx'

/** What a script printed: whatever is looked at of it, and as it comes. */
export function Viewer({ log, sections }: { log: number; sections: readonly Section[] }) {
  const words = useWords()
  const [output, extent] = useOutput(log)
  const { search, pointed, change, point } = useLogSearch()
  const { find = '', wrap = false, times = false } = search
  const opened = useOpen(sections)
  const rows = useMemo(
    () => new Rows(sections, opened.open, extent.total),
    [sections, opened.open, extent.total],
  )
  const around = useRef<HTMLElement>(null)
  const selected = useSelected(around)
  const window = useWindow(around, rows, selected)
  const isHeld = selected !== null
  const places = usePlaces({ around, extent, sections, rows, opened, window, pointed, isHeld })
  const { isFollowing, pause, resume, goToLine, goToHead, goToRow } = places
  const finding = useFind(log, find)
  const { copy, said } = useCopy({ around, selected, rows, output })
  const input = useRef<HTMLInputElement>(null)

  const lines = window.items.flatMap(({ index }) => rows.lineAt(window.first + index) ?? [])
  useEffect(() => output.want(lines))
  // Rows are of other heights then.
  // biome-ignore lint/correctness/useExhaustiveDependencies: that is what it is about
  useEffect(() => window.measure(), [wrap, times])
  const { line: foundLine, at: foundAt, total: foundTotal } = finding
  // Whoever looks for something goes to the first of it; whoever was sent to a line stays there.
  const [isLooking, look] = useState(pointed === null)
  useEffect(() => {
    if (!isLooking || foundTotal === 0 || foundAt > 0) return
    look(false)
    finding.go(1)
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each place that is gone to
  useEffect(() => {
    if (foundLine !== undefined) goToLine(foundLine)
  }, [foundLine, foundAt])

  const lookFor = () => input.current?.select()
  const toggleFollowing = isFollowing ? pause : resume
  useScreenKeys({
    '/': lookFor,
    n: () => finding.go(1),
    N: () => finding.go(-1),
    f: toggleFollowing,
    w: () => change({ wrap: wrap ? undefined : true }),
    t: () => change({ times: times ? undefined : true }),
    g: () => goToRow(0, 'start'),
    G: () => (extent.ended ? goToRow(rows.count - 1, 'end') : resume()),
    '[': () => goToHead(-1),
    ']': () => goToHead(1),
    // Of what is all in the page the browser's own search finds everything.
    ...(window.count > PLAIN ? { 'Ctrl-f': lookFor } : {}),
  })

  const problem =
    extent.error === null ? null : <Problem error={extent.error} onRetry={() => output.retry()} />
  if (!extent.isKnown) return problem ?? <Waiting />
  return (
    <div className={css.viewer}>
      <ViewerTools
        {...{ log, extent, find, input, finding, wrap, times, said, lines }}
        opened={sections.length > 1 ? opened : null}
        isFollowing={isFollowing}
        onFollow={toggleFollowing}
        onChange={(news) => {
          look('find' in news)
          change(news)
        }}
      />
      {problem}
      {rows.count === 0 ? (
        <Empty text={extent.ended ? words.log.nothingPrinted : words.log.nothingYet} />
      ) : (
        <section
          ref={around}
          className={css.output}
          data-wrap={wrap || undefined}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reached by keys
          tabIndex={0}
          aria-label={words.log.output}
          onScroll={places.onScroll}
          onCopy={copy}
        >
          <OutputRows
            {...{ window, rows, output, opened, pointed, find, wrap, times }}
            foundLine={foundLine}
            onPoint={point}
          />
        </section>
      )}
      {places.news > 0 && (isHeld || !isFollowing) ? (
        <button type="button" className={css.news} onClick={resume}>
          ↓ {words.log.newLines(countOf(places.news))}
        </button>
      ) : null}
    </div>
  )
}
