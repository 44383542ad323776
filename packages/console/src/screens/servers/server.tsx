import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useParams } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { CopyMenu, quoted } from '../../parts/copy-menu.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Screen } from '../../parts/screen.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import { ofTab, Tabs } from '../../parts/tabs.tsx'
import { Time } from '../../parts/time.tsx'
import { View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { CheckButton } from './check.tsx'
import { Held, HoldButton } from './hold.tsx'
import { KeyApproval } from './key-approval.tsx'
import { KeyMark } from './key-mark.tsx'
import css from './server.module.css'
import { addressOf } from './servers.tsx'
import { standing } from './standing.ts'
import { own } from './words.ts'

type Server = AnswerOf<'GET /servers/{server}'>

/** One server: how it stands, what keeps it, what can be done; below that what it is at, by tabs. */
export function OneServer() {
  const words = useWords()
  const { server: name } = useParams({ from: '/servers/$server' })
  const server = useQuery(asked('GET /servers/{server}', { server: name }))
  return (
    <Screen
      title={name}
      actions={
        <>
          {server.data === undefined || server.data.held !== null ? null : <HoldButton server={name} />}
          <CheckButton key={name} server={name} />
          <CopyMenu
            command={`orchestra server show ${quoted(name)}`}
            path={`/servers/${encodeURIComponent(name)}`}
            data={server.data}
          />
        </>
      }
    >
      <View of={server}>
        {(data) => (
          <>
            {data.key === 'changed' || data.key === 'not approved' ? <KeyApproval server={data} /> : null}
            {data.held === null ? null : <Held server={name} held={data.held} />}
            <Blocked status={data.status} />
            <Known server={data} />
          </>
        )}
      </View>
      <Tabs name={name}>
        <Tab to="/servers/$server" server={name} name={words.lane} />
        <Tab to="/servers/$server/objects" server={name} name={words.objects} />
        <Tab to="/servers/$server/drift" server={name} name={words.drift} />
        <Tab to="/servers/$server/trash" server={name} name={own.trash} />
        <Tab to="/servers/$server/settings" server={name} name={own.settings} />
      </Tabs>
      <Outlet />
    </Screen>
  )
}

interface TabProps {
  to:
    | '/servers/$server'
    | '/servers/$server/objects'
    | '/servers/$server/drift'
    | '/servers/$server/trash'
    | '/servers/$server/settings'
  server: string
  name: string
}

function Tab({ to, server, name }: TabProps) {
  return (
    <Link to={to} params={{ server }} {...ofTab}>
      {name}
    </Link>
  )
}

function Blocked({ status }: { status: Server['status'] }) {
  const words = useWords()
  if (status?.blocked == null) return null
  const { reason, since, nextTry } = status.blocked
  return (
    <div className={css.notice}>
      <p className={css.line}>
        <StateMark state="blocked" /> {reason}
      </p>
      <p className={css.quiet}>
        {words.since} <Time at={since} />
        {nextTry === null ? null : (
          <>
            {' · '}
            {words.next} <Time at={nextTry} />
          </>
        )}
      </p>
    </div>
  )
}

function Known({ server }: { server: Server }) {
  const words = useWords()
  const { status, tags, key } = server
  return (
    <Facts
      of={[
        [words.stateIs, status === null ? null : <StateMark key="state" state={standing(status)} />],
        [
          words.address,
          <span key="address" className="mono">
            {addressOf(server)}
          </span>,
        ],
        [words.hostKey, <KeyMark key="key" state={key} />],
        [words.tags, tags.join(', ')],
      ]}
    />
  )
}
