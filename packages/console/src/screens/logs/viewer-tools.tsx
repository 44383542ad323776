import { ChevronDown, ChevronUp, Download } from 'lucide-react'
import { type FormEvent, type RefObject, useEffect, useState } from 'react'
import { apiUrl } from '../../api/client.ts'
import { Button } from '../../parts/button.tsx'
import { useWords } from '../../words/index.ts'
import { bytesOf, countOf, zoneName } from '../../words/times.ts'
import css from './log.module.css'
import type { Extent } from './output.ts'
import type { Finding } from './use-find.ts'
import type { LogSearch } from './use-log-search.ts'
import type { Opened } from './use-open.ts'

interface ViewerToolsProps {
  log: number
  extent: Extent
  find: string
  input: RefObject<HTMLInputElement | null>
  finding: Finding
  isFollowing: boolean
  onFollow: () => void
  wrap: boolean
  times: boolean
  /** Null where there is nothing to fold. */
  opened: Opened | null
  onChange: (news: LogSearch) => void
  /** Those that are in the page. */
  lines: readonly number[]
  said: string
}

/** What can be done with an output, how much there is, and how much of it is seen. */
export function ViewerTools({
  log,
  extent,
  find,
  input,
  finding,
  wrap,
  times,
  onChange,
  ...props
}: ViewerToolsProps) {
  const words = useWords()
  const { isFollowing, onFollow, opened, said } = props
  return (
    <div className={css.tools}>
      <Find
        find={find}
        input={input}
        finding={finding}
        onFind={(text) => onChange({ find: text || undefined })}
      />
      {extent.ended ? null : (
        <Button isOn={isFollowing} onPress={onFollow}>
          {words.log.follow}
        </Button>
      )}
      <Button isOn={wrap} onPress={() => onChange({ wrap: wrap ? undefined : true })}>
        {words.log.wrap}
      </Button>
      <Button isOn={times} onPress={() => onChange({ times: times ? undefined : true })}>
        {words.log.times}
      </Button>
      {opened === null ? null : (
        <Button onPress={opened.toggleAll}>{opened.isAllOpen ? words.log.fold : words.log.unfold}</Button>
      )}
      <a className={css.download} href={apiUrl(`/logs/${log}/output`)} download={`log-${log}.txt`}>
        <Download className="glyph" size={14} aria-hidden="true" /> {words.log.download}
      </a>
      <span className={css.facts} role="status">
        {words.log.lines(countOf(extent.total), extent.total)} · {bytesOf(extent.size)}
        {times ? ` · ${zoneName(new Date())}` : null}
        {extent.ended ? null : ` · ${extent.isLive ? words.live : words.connecting}`}
        {said === '' ? null : ` · ${said}`}
      </span>
    </div>
  )
}

interface FindProps {
  find: string
  input: RefObject<HTMLInputElement | null>
  finding: Finding
  onFind: (text: string) => void
}

/** Looks through all of it, to the letter: Enter goes on, with Shift back. */
function Find({ find, input, finding, onFind }: FindProps) {
  const words = useWords()
  const [written, write] = useState(find)
  useEffect(() => write(find), [find])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (written === find) finding.go(1)
    else onFind(written)
  }
  const { total, at, isCut, isPending, error } = finding
  return (
    <search>
      <form className={css.find} onSubmit={submit}>
        <input
          ref={input}
          aria-label={words.log.find}
          placeholder={words.log.find}
          value={written}
          spellCheck={false}
          autoComplete="off"
          onChange={({ target }) => write(target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && event.shiftKey) {
              event.preventDefault()
              finding.go(-1)
            }
            if (event.key !== 'Escape') return
            write('')
            onFind('')
            input.current?.blur()
          }}
        />
        {find === '' || isPending ? null : (
          <>
            <span role="status">
              {error === null
                ? total === 0
                  ? words.log.notFound
                  : `${countOf(at)}/${countOf(total)}`
                : error.message}
              {isCut ? ` ${words.log.foundInPart}` : null}
            </span>
            <Button onPress={() => finding.go(-1)}>
              <ChevronUp size={14} aria-hidden="true" /> <span className="unseen">{words.log.before}</span>
            </Button>
            <Button onPress={() => finding.go(1)}>
              <ChevronDown size={14} aria-hidden="true" /> <span className="unseen">{words.log.behind}</span>
            </Button>
          </>
        )}
      </form>
    </search>
  )
}
