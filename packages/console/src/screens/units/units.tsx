import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { CopyMenu, quoted } from '../../parts/copy-menu.tsx'
import { List } from '../../parts/list.tsx'
import { listPath } from '../../parts/list-path.ts'
import { Screen } from '../../parts/screen.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { UnitLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'

type Unit = AnswerOf<'GET /units'>['items'][number]

/** What was asked for, by whom, and how it stands; the newest first. */
export function Units() {
  const words = useWords()
  const search = useSearch({ from: '/units' })
  const navigate = useNavigate({ from: '/units' })
  const units = useQuery(asked('GET /units', { limit: 50, ...search }))
  const narrowed = search.q === undefined ? '' : ` --query ${quoted(search.q)}`
  return (
    <Screen
      title={words.unit.all}
      actions={
        <CopyMenu
          command={`orchestra unit list${narrowed}`}
          path={listPath('/units', { ...search })}
          data={units.data?.items}
        />
      }
    >
      <List
        page="units"
        example="actor:ana since:7d"
        of={units}
        search={search}
        onSearch={(to) => void navigate({ search: to })}
        caption={words.unit.all}
        columns={columns(words)}
        keyOf={({ id }) => id}
        empty={<Empty text={words.unit.none} command="orchestra sync" />}
      />
    </Screen>
  )
}

function columns(words: Words): Column<Unit>[] {
  return [
    { name: words.unit.one, of: ({ id }) => <UnitLink unit={id} /> },
    { name: words.stateIs, of: (unit) => <UnitMark unit={unit} /> },
    { name: words.when, of: ({ createdAt }) => <Time at={createdAt} /> },
    { name: words.who, of: ({ actor, logins }) => actor ?? logins.join(', ') },
    { name: words.unit.source, of: ({ source }) => source ?? '' },
    { name: words.operations, of: ({ operations }) => operations },
    { name: words.open, of: ({ open }) => (open === 0 ? '' : open) },
    { name: words.failed, of: ({ failed }) => (failed === 0 ? '' : failed) },
  ]
}

function UnitMark({ unit: { open, failed } }: { unit: Unit }) {
  const words = useWords()
  if (failed > 0) return <StateMark state="failing" />
  return open > 0 ? (
    <StateMark state="waiting" text={words.unit.goesOn} />
  ) : (
    <StateMark state="ok" text={words.unit.settled} />
  )
}
