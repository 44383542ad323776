import type { AnswerOf } from 'orchestrajs/client'
import { StateMark } from '../../parts/state-mark.tsx'
import { Table } from '../../parts/table.tsx'
import { ServerLink } from '../../parts/things.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'

type Explanation = AnswerOf<'GET /objects/{object}/explain'>['routes'][number]

/** What each route says of an object, by which of its fields. */
export function Why({ routes }: { routes: readonly Explanation[] }) {
  const words = useWords()
  if (routes.length === 0)
    return <Empty text={words.thing.noRoutes} command="orchestra route add BACKEND SERVER" />
  return (
    <Table
      caption={words.thing.why}
      items={routes}
      keyOf={({ route }) => route.id}
      columns={[
        { name: words.thing.route, of: ({ route }) => route.id },
        { name: words.backend, of: ({ backend }) => backend },
        { name: words.thing.rule, of: ({ route }) => <code>{route.match}</code> },
        { name: words.result, of: (one) => <Verdict of={one} /> },
        {
          name: words.thing.leadsTo,
          of: ({ servers }) =>
            servers.map((server, at) => (
              <span key={server}>
                {at > 0 ? ', ' : null}
                <ServerLink server={server} />
              </span>
            )),
        },
        {
          name: words.thing.fields,
          of: ({ reads }) =>
            reads.length === 0 ? (
              ''
            ) : (
              <code>
                {reads.map(({ field, value }) => `${field} = ${JSON.stringify(value) ?? '–'}`).join(', ')}
              </code>
            ),
        },
      ]}
    />
  )
}

function Verdict({ of: { verdict, route } }: { of: Explanation }) {
  const words = useWords()
  if (typeof verdict === 'object') return <StateMark state="failing" text={verdict.error} />
  if (verdict === 'not-matched') return <StateMark state="none" text={words.thing.fitsNot} />
  return (
    <StateMark
      state={route.enabled ? 'ok' : 'held'}
      text={route.enabled ? words.thing.fits : words.thing.disabled}
    />
  )
}
