import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { BulkActs } from '../../parts/bulk.tsx'
import { CopyMenu, quoted } from '../../parts/copy-menu.tsx'
import { List } from '../../parts/list.tsx'
import { listPath } from '../../parts/list-path.ts'
import { Screen } from '../../parts/screen.tsx'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { ObjectLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'

type ObjectView = AnswerOf<'GET /objects'>['items'][number]

/** All objects that stand somewhere or are to. */
export function Objects() {
  const words = useWords()
  const search = useSearch({ from: '/objects' })
  const navigate = useNavigate({ from: '/objects' })
  const objects = useQuery(asked('GET /objects', { limit: 100, ...search }))
  const narrowed = search.q === undefined ? '' : ` --query ${quoted(search.q)}`
  return (
    <Screen
      title={words.objects}
      actions={
        <CopyMenu
          command={`orchestra object list${narrowed}`}
          path={listPath('/objects', { ...search })}
          data={objects.data?.items}
        />
      }
    >
      <BulkActs actions={['retry', 'collect', 'cancel', 'forget']} query={search.q ?? ''} />
      <List
        page="objects"
        example="server:web1 is:failing -backend:cron"
        of={objects}
        search={search}
        onSearch={(to) => void navigate({ search: to })}
        caption={words.objects}
        columns={columns(words)}
        keyOf={({ object }) => object}
        empty={<Empty text={words.thing.none} command="orchestra route add BACKEND SERVER" />}
      />
    </Screen>
  )
}

function columns(words: Words): Column<ObjectView>[] {
  return [
    { name: words.object, of: ({ object }) => <ObjectLink object={object} /> },
    { name: words.stateIs, of: (object) => <StateMark state={stateOf(object)} /> },
    { name: words.thing.goesBy, of: ({ identity }) => identity },
    { name: words.thing.applied, of: ({ places, states }) => `${states.applied}/${places}` },
    { name: words.thing.toDo, of: ({ open }) => (open === 0 ? '' : open) },
    { name: words.thing.failing, of: ({ failing }) => (failing === 0 ? '' : failing) },
    {
      name: words.thing.appliedAt,
      of: ({ appliedAt }) => (appliedAt === null ? '' : <Time at={appliedAt} />),
    },
  ]
}

function stateOf({ failing, open, states, places }: ObjectView): State {
  if (failing > 0) return 'failing'
  if (open > 0) return 'waiting'
  return states.kept === places ? 'stale' : 'ok'
}
