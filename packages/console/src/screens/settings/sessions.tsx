import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { useAct } from '../../api/act.ts'
import { asked, untold } from '../../api/queries.ts'
import { Button } from '../../parts/button.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { given } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import type { Column } from '../../parts/table.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { Empty, Problem } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { own } from './words.ts'

type Session = AnswerOf<'GET /sessions'>['items'][number]

/** Who is logged in: everybody sees himself, and ends what is his. */
export function Sessions() {
  const words = useWords()
  const { cursor } = useSearch({ from: '/settings/sessions' })
  const navigate = useNavigate({ from: '/settings/sessions' })
  const sessions = useQuery({ ...asked('GET /sessions', { limit: 100, ...given({ cursor }) }), ...untold })
  const end = useAct('DELETE /sessions/{session}')
  return (
    <>
      <div className="line">
        <CopyMenu command="orchestra session list" path="/sessions" data={sessions.data?.items} />
      </div>
      {end.error === null ? null : <Problem error={end.error} />}
      <List
        caption={own.sessions}
        of={sessions}
        columns={columns(words, (session) => end.mutate({ session }))}
        keyOf={({ id }) => id}
        search={{ cursor }}
        onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
        empty={<Empty text={own.noSessions} />}
        hasFilter={false}
      />
    </>
  )
}

function columns(words: Words, onEnd: (session: number) => void): Column<Session>[] {
  return [
    { name: own.user, of: ({ user }) => user },
    { name: own.from, of: ({ address }) => <span className="mono">{address}</span> },
    { name: own.browser, of: ({ agent }) => agent ?? '' },
    { name: own.seen, of: ({ seenAt }) => <Age at={seenAt} /> },
    { name: own.expires, of: ({ endsAt }) => <Time at={endsAt} /> },
    { name: words.action, of: ({ id }) => <Button onPress={() => onEnd(id)}>{own.end}</Button> },
  ]
}
