import type { AnswerOf } from 'orchestrajs/client'
import { type ReactNode, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { ConfirmButton } from '../../parts/confirm.tsx'
import { Differences } from '../../parts/differences.tsx'
import { Section } from '../../parts/screen.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { ObjectLink } from '../../parts/things.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import css from './adopt.module.css'

type Survey = AnswerOf<'POST /adoptions/survey'>['backends'][number]
type Row = Survey['right'][number]

export type Taken = AnswerOf<'POST /adoptions'>

/** Rows of a group that are shown. */
const MOST_SHOWN = 200

interface SurveyedProps {
  server: string
  surveyed: Survey
  onTaken: (taken: Taken) => void
}

/** What a server has of one backend, by whether it is as its row says. */
export function Surveyed({ server, surveyed, onTaken }: SurveyedProps) {
  const words = useWords()
  const { backend, right, different, absent, unmatched } = surveyed
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set())
  const toggle = (object: string) =>
    choose(new Set(chosen.has(object) ? [...chosen].filter((one) => one !== object) : [...chosen, object]))
  const columns = rowColumns(words, (object) => (
    <input
      type="checkbox"
      className={css.box}
      aria-label={words.adopt.choose(object)}
      checked={chosen.has(object)}
      onChange={() => toggle(object)}
    />
  ))
  const isEmpty = right.length + different.length + absent.length + unmatched.length === 0
  return (
    <Section title={backend}>
      {isEmpty ? <Empty text={words.adopt.nothing} /> : null}
      {right.length + different.length === 0 ? null : (
        <Takes {...{ server, backend, chosen, right, different, onTaken }} />
      )}
      <Group title={words.adopt.right} rows={right} columns={columns} />
      <Group title={words.adopt.different} rows={different} columns={columns} />
      <Group title={words.adopt.absent} rows={absent} columns={rowColumns(words, () => null)} />
      {unmatched.length === 0 ? null : (
        <details>
          <summary>
            {words.adopt.unmatched} ({unmatched.length})
          </summary>
          <Table
            caption={words.adopt.unmatched}
            items={unmatched.slice(0, MOST_SHOWN)}
            keyOf={({ identity }) => identity}
            columns={[
              { name: words.name, of: ({ identity }) => identity },
              {
                name: words.path,
                of: ({ read }) => (read === null ? '' : <pre className={css.read}>{read}</pre>),
              },
            ]}
          />
        </details>
      )}
    </Section>
  )
}

function Group({ title, rows, columns }: { title: string; rows: readonly Row[]; columns: Column<Row>[] }) {
  const words = useWords()
  if (rows.length === 0) return null
  return (
    <details open={rows.length <= 20}>
      <summary>
        {title} ({rows.length})
      </summary>
      <Table
        caption={title}
        items={rows.slice(0, MOST_SHOWN)}
        keyOf={({ object }) => object}
        columns={columns}
      />
      {rows.length > MOST_SHOWN ? <p>{words.found.more(rows.length - MOST_SHOWN)}</p> : null}
    </details>
  )
}

function rowColumns(words: Words, box: (object: string) => ReactNode): Column<Row>[] {
  return [
    {
      name: words.object,
      of: ({ object }) => (
        <>
          {box(object)} <ObjectLink object={object} />
        </>
      ),
    },
    { name: words.thing.goesBy, of: ({ identity }) => identity },
    {
      name: words.note,
      of: ({ placed, waits }) =>
        [placed === 'no' ? '' : words.adopt.placed[placed], waits ? words.adopt.waits : '']
          .filter(Boolean)
          .join(', '),
    },
    {
      name: words.path,
      of: ({ differences }) => (differences.length === 0 ? '' : <Differences differences={differences} />),
    },
  ]
}

interface TakesProps extends Pick<Survey, 'backend' | 'right' | 'different'> {
  server: string
  chosen: ReadonlySet<string>
  onTaken: (taken: Taken) => void
}

/** Takes over what is chosen, or all of it; what differs is changed only where somebody says so. */
function Takes({ server, backend, chosen, right, different, onTaken }: TakesProps) {
  const words = useWords()
  const take = useAct('POST /adoptions')
  const [overwrite, setOverwrite] = useState(false)
  const isMeant = ({ object }: Row) => chosen.size === 0 || chosen.has(object)
  const [taken, changed] = [right.filter(isMeant).length, different.filter(isMeant).length]
  const what = chosen.size === 0 ? { all: true } : { objects: [...chosen] }
  const confirm = (close: () => void) =>
    take.mutate(
      { server, backend, ...what, overwrite, yes: true },
      {
        onSuccess: (answer) => {
          close()
          onTaken(answer)
        },
      },
    )
  return (
    <div className={css.line}>
      <ConfirmButton
        label={chosen.size === 0 ? words.adopt.takeAll : words.adopt.take(chosen.size)}
        title={words.adopt.takeTitle(server)}
        needs="adopt"
        server={server}
        act={take}
        onConfirm={confirm}
      >
        <p>{words.adopt.would(taken, overwrite ? changed : 0, overwrite ? 0 : changed)}</p>
        {changed === 0 ? null : (
          <label>
            <input
              type="checkbox"
              checked={overwrite}
              onChange={({ target }) => setOverwrite(target.checked)}
            />
            {words.adopt.overwrite(changed)}
          </label>
        )}
      </ConfirmButton>
    </div>
  )
}
