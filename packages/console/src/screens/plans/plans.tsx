import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked, untold } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { numbered } from '../../parts/cursor.ts'
import { given } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import { listCommand, listPath } from '../../parts/list-path.ts'
import { Screen } from '../../parts/screen.tsx'
import type { Column } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { Counts, PlanState } from './state.tsx'
import { own } from './words.ts'

type Plan = AnswerOf<'GET /plans'>['items'][number]

/** Plans that are kept: what would be done, by whom, and how it stands with the yes of others. */
export function Plans() {
  const words = useWords()
  const search = useSearch({ from: '/changes/plans' })
  const navigate = useNavigate({ from: '/changes/plans' })
  const input = { limit: 50, ...given({ q: search.q }), ...numbered(search.cursor) }
  const plans = useQuery({ ...asked('GET /plans', input), ...untold })
  return (
    <Screen
      title={own.title}
      actions={
        <>
          <MakePlan />
          <CopyMenu
            command={listCommand('orchestra plan list', search)}
            path={listPath('/plans', search)}
            data={plans.data?.items}
          />
        </>
      }
    >
      <List
        caption={own.title}
        of={plans}
        columns={columns(words)}
        keyOf={({ id }) => id}
        example="state:open by:ana since:7d"
        page="plans"
        search={search}
        onSearch={(next) => void navigate({ search: next })}
        empty={<Empty text={own.none} command="orchestra plan --keep" />}
      />
    </Screen>
  )
}

function columns(words: Words): Column<Plan>[] {
  return [
    {
      name: own.title,
      of: ({ id }) => (
        <Link to="/changes/plans/$plan" params={{ plan: String(id) }}>
          {own.plan(id)}
        </Link>
      ),
    },
    { name: words.stateIs, of: (plan) => <PlanState plan={plan} /> },
    { name: own.about, of: aboutOf },
    { name: own.does, of: ({ counts }) => <Counts counts={counts} /> },
    { name: own.by, of: ({ by }) => by },
    { name: words.when, of: ({ createdAt }) => <Time at={createdAt} /> },
  ]
}

/** What a plan was asked for. */
export function aboutOf({ server, backend, object }: Pick<Plan, 'server' | 'backend' | 'object'>): string {
  return [server, backend, object].filter((part) => part !== null).join(' · ') || own.everything
}

function MakePlan() {
  const words = useWords()
  const navigate = useNavigate()
  return (
    <ActForm
      act="POST /plans"
      needs="sync"
      label={own.make}
      title={own.make}
      help={own.makeHelp}
      fields={[
        { name: 'server', label: words.server },
        { name: 'backend', label: words.backend },
        { name: 'object', label: words.object },
        { name: 'allowDeletes', label: own.allowDeletes, kind: 'number' },
      ]}
      input={({ server, backend, object, allowDeletes }) =>
        given({ server, backend, object, allowDeletes: allowDeletes ? Number(allowDeletes) : undefined })
      }
      onDone={({ id }) => void navigate({ to: '/changes/plans/$plan', params: { plan: String(id) } })}
    />
  )
}
